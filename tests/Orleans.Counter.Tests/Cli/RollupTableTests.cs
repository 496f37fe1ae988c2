using System.Net;
using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Rollups;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

/// <summary>How far rollup is, as it is printed.</summary>
public sealed class RollupTableTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_line_says_how_far_a_group_is_and_what_is_wrong_stands_below()
    {
        var (code, output, requests) = await Show(HttpStatusCode.OK, """
            {"asOf":"2026-11-28T10:00:00Z","groups":[
             {"group":"0","sealedThrough":"2026-11-19","archivedThrough":"2026-11-19","retiredThrough":"2026-10-28","daysLate":0,"heldBack":null,"isRunning":true,"lastRunEnded":null,"failure":null,
              "days":12,"rows":34567,"count":89012,"bytes":123456,"recent":[{"day":"2026-11-19","version":2,"rows":100,"count":200,"bytes":300,"writtenAt":"2026-11-28T01:02:03Z","retiredAt":null}]},
             {"group":"a","sealedThrough":null,"archivedThrough":"2026-11-15","retiredThrough":"2026-10-28","daysLate":3,"isRunning":false,"lastRunEnded":"2026-11-28T09:59:58Z","failure":"It was damaged.",
              "heldBack":{"day":"2026-11-16","since":"2026-11-25T00:00:00Z","shard":"a7","partition":3,"reason":"Shard a7 lags."},"days":0,"rows":0,"count":0,"bytes":0,"recent":[]}]}
            """);

        Assert.Equal(1, code);
        Assert.Equal("/v1/admin/rollups?days=5", Assert.Single(requests).Url);
        Assert.Contains(output, line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["0", "2026-11-19", "2026-11-19", "2026-10-28", "0", "12", "34,567", "89,012", "123,456", "running"]);
        Assert.Contains(output, line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["a", "2026-11-15", "2026-10-28", "3", "0", "0", "0", "0", "2026-11-28", "09:59:58Z"]);
        Assert.Contains("a: 2026-11-16 is held back since 2026-11-25 00:00:00Z. Shard a7 lags.", output);
        Assert.Contains("a: the last run has failed. It was damaged.", output);
        Assert.Contains(output, line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["0", "2026-11-19", "2", "100", "200", "300", "2026-11-28", "01:02:03Z"]);
    }

    [Fact]
    public async Task A_refusal_is_said_with_what_the_service_says_of_it()
    {
        var failure = await Assert.ThrowsAsync<CommandFailedException>(() => Show(HttpStatusCode.Forbidden, """{"code":"forbidden"}"""));

        Assert.Contains("403", failure.Message, StringComparison.Ordinal);
        Assert.Contains("forbidden", failure.Message, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string[] Output, IReadOnlyList<(string Url, string Body)> Requests)> Show(HttpStatusCode status, string body)
    {
        using var handler = new RecordingHandler(() => RecordingHandler.Json(status, body));
        using var http = new HttpClient(handler) { BaseAddress = new("http://counter") };
        using var output = new StringWriter();
        var code = await new RollupTable(http, output).Show(days: 5, json: false, Token);
        return (code, [.. output.ToString().Split('\n').Select(line => line.Trim())], [.. handler.Requests]);
    }
}
