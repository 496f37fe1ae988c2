using System.Diagnostics;
using System.Net;
using Orleans.Counter.Cli.Processes;
using Orleans.Counter.Tests.Azure.River;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Security;

/// <summary><c>counter keys</c>, as its user runs it.</summary>
[Collection(nameof(RiverCollection))]
public sealed class KeysTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_are_made_and_revoked_where_no_service_runs_and_no_file_has_them()
    {
        var folder = Directory.CreateTempSubdirectory("keys-");
        try
        {
            var data = Path.Combine(folder.FullName, "data");
            var key = (await Keys(data, 0, "create", "--name", "importer", "--scopes", "ingest"))[0];
            var id = key[3..15];
            Assert.Contains($"oc_{id}  ingest  good", await Text(data, "list"), StringComparison.Ordinal);
            await Keys(data, 0, "revoke", id);
            Assert.Contains($"oc_{id}  ingest  revoked", await Text(data, "list"), StringComparison.Ordinal);

            Assert.Contains("is not a scope", string.Concat(await Keys(data, 1, "create", "--name", "n", "--scopes", "everything")), StringComparison.Ordinal);
            foreach (var file in Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories))
                Assert.DoesNotContain(key[16..], await File.ReadAllTextAsync(file, Token), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_service_that_asks_for_keys_takes_one_that_is_made_while_it_runs_until_it_is_revoked()
    {
        await using var counter = await LocalCounter.StartAsync();
        var closed = counter.Silos[await counter.AddSilo(role: "api", ("Auth__Mode", "ApiKey")) - 1];
        Assert.Equal(HttpStatusCode.Unauthorized, await View(closed, null));

        var key = await Create(counter.Data, "ingest");
        await Eventually.Answers(async _ => await View(closed, key), status => status is HttpStatusCode.Accepted, TimeSpan.FromSeconds(10));
        await Keys(counter.Data, 0, "revoke", key[3..15]);
        await Eventually.Answers(async _ => await View(closed, key), status => status is HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(30));
    }

    /// <summary>Makes a key, and tells it.</summary>
    internal static async Task<string> Create(string data, string scopes) => (await Keys(data, 0, "create", "--name", "test", "--scopes", scopes))[0];

    private static async Task<HttpStatusCode> View(HttpClient service, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/videos/v/views");
        if (key is not null) request.Headers.Add("X-Api-Key", key);
        using var answer = await service.SendAsync(request, Token);
        return answer.StatusCode;
    }

    private static async Task<string> Text(string data, params string[] verb) => string.Join('\n', await Keys(data, 0, verb));

    private static async Task<string[]> Keys(string data, int code, params string[] verb)
    {
        using var command = Process.Start(new ProcessStartInfo(Tool.Dotnet(), [LocalCounter.Program, "keys", .. verb, "--data", data])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, errors) = (command.StandardOutput.ReadToEndAsync(Token), command.StandardError.ReadToEndAsync(Token));
        await command.WaitForExitAsync(Token);
        Assert.True(command.ExitCode == code, $"Exit code {command.ExitCode}: {await output}{await errors}");
        return (code == 0 ? await output : await errors).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
