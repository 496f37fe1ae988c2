using System.Diagnostics;
using Orleans.Counter.Cli.Processes;
using Orleans.Counter.Dev;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Conformance;

/// <summary>Microsoft's client for Python, as Debian ships it, over TLS: a third opinion, with an AMQP library of its own.</summary>
public sealed class PythonTests(PythonTests.Client client) : IClassFixture<PythonTests.Client>
{
    private static readonly string Script = ScriptRun.FileNamed("event-hubs-python", "conformance.py");

    public static TheoryData<string> Sentences => [.. ScriptRun.Sentences(Script)];

    [Theory]
    [MemberData(nameof(Sentences))]
    public async Task The_Python_client_finds_over_TLS(string sentence)
    {
        Assert.SkipWhen(client.Run is null, client.WhyNot);
        await client.Run!.Holds(sentence);
    }

    public sealed class Client : IAsyncLifetime
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("devhub-python-").FullName;
        private DevHub? _hub;

        internal ScriptRun? Run { get; private set; }

        internal string WhyNot { get; private set; } = "";

        public async ValueTask InitializeAsync()
        {
            var cancellationToken = TestContext.Current.CancellationToken;
            var (modules, whyNot) = await Install(_folder, cancellationToken);
            WhyNot = whyNot;
            if (modules is null)
                return;
            var options = new DevHubOptions { Port = 0, Tls = true, DataDirectory = Path.Combine(_folder, "data") };
            foreach (var hub in Sentences.Select((_, number) => $"case{number}"))
                options.Hubs.Add(hub, 4);
            _hub = await DevHub.StartAsync(options, cancellationToken);

            // -S: Debian's modules as they were unpacked, and nothing that this machine happens to have.
            Run = ScriptRun.Start(
                "/usr/bin/python3",
                ["-S", Script, _hub.ConnectionString, _hub.CertificatePath!, .. options.Hubs.Keys],
                Script,
                new Dictionary<string, string> { ["PYTHONPATH"] = modules, ["PYTHONDONTWRITEBYTECODE"] = "1" });
        }

        public async ValueTask DisposeAsync()
        {
            if (Run is not null)
                await Run.DisposeAsync();
            if (_hub is not null)
                await _hub.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }

        // Unpacked into the user's cache, once: it needs no root, and leaves 500 MB of other clients in the package.
        private static async Task<(string? Modules, string WhyNot)> Install(string fallback, CancellationToken cancellationToken)
        {
            if (!File.Exists("/usr/bin/python3") || Tool.Find("apt-get") is null || Tool.Find("dpkg-deb") is null)
                return (null, "It comes from a Debian package, and this machine has no python3, apt-get and dpkg-deb.");
            var folder = Path.Combine(UserCache.Folder() ?? fallback, "event-hubs-python");
            var modules = Path.Combine(folder, "usr/lib/python3/dist-packages");
            if (Directory.Exists(folder))
                return (modules, "");
            var unfinished = $"{folder}.{Guid.NewGuid():N}";
            Directory.CreateDirectory(unfinished);
            try
            {
                const string Unpack = """
                    set -e
                    apt-get -q download python3-azure python3-typing-extensions python3-six python3-certifi
                    at=./usr/lib/python3/dist-packages
                    dpkg-deb --fsys-tarfile python3-azure_*.deb | tar -x $at/azure/__init__.py $at/azure/core $at/azure/eventhub
                    rm python3-azure_*.deb
                    for package in *.deb; do dpkg-deb -x $package .; done
                    rm *.deb
                    """;
                var start = new ProcessStartInfo("/bin/sh", ["-c", Unpack])
                {
                    WorkingDirectory = unfinished,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                };
                using var process = Process.Start(start)!;
                var said = process.StandardError.ReadToEndAsync(cancellationToken);
                await process.StandardOutput.ReadToEndAsync(cancellationToken);
                await process.WaitForExitAsync(cancellationToken);
                if (process.ExitCode != 0)
                    return (null, $"python3-azure cannot be had from apt-get (without package lists run 'apt-get update' first): {(await said).Trim()}");
                if (!Directory.Exists(folder))
                    Directory.Move(unfinished, folder);
                return (modules, "");
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                return (modules, ""); // another run came first, with the same result
            }
            finally
            {
                if (Directory.Exists(unfinished))
                    Directory.Delete(unfinished, recursive: true);
            }
        }
    }
}
