using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Orleans.Counter.Tests.Azure.River;

[Collection(nameof(RiverCollection))]
public sealed class ForeignHubTests
{
    private const int Videos = 64;
    private const string Remedy = "if this one takes its place, stop all silos and run `counter log advance`";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, InlineData(4), InlineData(8)]
    public async Task A_service_that_finds_a_new_hub_does_not_start_until_the_log_is_advanced_and_then_goes_on_exactly(int partitions)
    {
        await using var counter = await LocalCounter.StartAsync(partitions: 4);
        await Sends(counter, "before", total: 3);
        Assert.Equal(0, await counter.StopAsync());
        Directory.Delete(Path.Combine(counter.Data, "hub"), recursive: true);
        counter.Partitions = partitions;

        Assert.Equal(1, await counter.GivesUpAsync());
        Assert.Contains(Remedy, counter.SiloLog(), StringComparison.Ordinal);
        Assert.Contains("silo1 ended before it was ready", counter.Output, StringComparison.Ordinal);
        var (code, said) = await counter.RunAsync("log", "advance");
        Assert.True(code == 0, said);
        await counter.StartAgainAsync();
        await Sends(counter, "after", total: 6);

        Assert.Contains($"with {partitions} partitions from now on, as era 1", said, StringComparison.Ordinal);
        var audit = JsonNode.Parse(await counter.Http.GetStringAsync("/v1/audit", Token))!;
        Assert.Equal((6 * Videos, 6 * Videos, 0), ((int)audit["accepted"]!, (int)audit["counted"]! + (int)audit["inFlight"]!, (int)audit["difference"]!));
    }

    /// <summary>Sends three views of each video, and returns when so many can be seen of each.</summary>
    private static async Task Sends(LocalCounter counter, string when, long total)
    {
        var answers = new Answers(counter.Silos);
        var events = Enumerable.Range(0, Videos * 3).Select(i => new { videoId = $"v{i % Videos}", id = $"{when}-{i}" });
        using var answer = await counter.Http.PostAsJsonAsync("/v1/events", new { events }, Token);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        foreach (var video in Enumerable.Range(0, Videos))
            await Eventually.Answers(token => answers.Count($"v{video}", "view", token), count => count == total, TimeSpan.FromMinutes(1));
    }
}
