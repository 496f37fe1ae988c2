using Orleans.Counter.Cli.Processes;
using Orleans.Counter.Dev;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Conformance;

/// <summary>The official client for JavaScript, unmodified. It shares no code with DevHub, so no mistake of one hides a mistake of the other.</summary>
public sealed class JavaScriptTests(JavaScriptTests.Client client) : IClassFixture<JavaScriptTests.Client>
{
    private static readonly string Script = ScriptRun.FileNamed("event-hubs-js", "conformance.mjs");

    public static TheoryData<string> Sentences => [.. ScriptRun.Sentences(Script)];

    [Theory]
    [MemberData(nameof(Sentences))]
    public Task The_official_JavaScript_client_finds(string sentence) => client.Run.Holds(sentence);

    public sealed class Client : IAsyncLifetime
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("devhub-js-").FullName;
        private DevHub? _hub;

        internal ScriptRun Run { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            var cancellationToken = TestContext.Current.CancellationToken;
            var modules = await NpmInstall.Ensure(
                ScriptRun.FileNamed("event-hubs-js"), Path.Combine(_folder, "npm.log"), _folder, () => { }, cancellationToken);
            var options = new DevHubOptions { Port = 0, ControlPort = 0, Tls = true, DataDirectory = Path.Combine(_folder, "data") };
            foreach (var hub in Sentences.Select((_, number) => $"case{number}"))
            {
                options.Hubs.Add(hub, 4);
                options.ConsumerGroups.Add(hub, ["audit", "g1", "g5"]);
            }

            _hub = await DevHub.StartAsync(options, cancellationToken);
            Run = ScriptRun.Start(
                Tool.Node("node"),
                [Script, modules, _hub.ConnectionString, $"http://127.0.0.1:{_hub.ControlPort}", .. options.Hubs.Keys],
                Script,
                new Dictionary<string, string> { ["NODE_EXTRA_CA_CERTS"] = _hub.CertificatePath! });
        }

        public async ValueTask DisposeAsync()
        {
            await Run.DisposeAsync();
            await _hub!.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
