using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Orleans.Counter.Tests.Azure.River;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Cluster;

/// <summary>Who writes through one silo and asks another, with the token of the write, sees what it has written: also while silos are killed.</summary>
[Collection(nameof(RiverCollection))]
public sealed class OwnWritesTests(ClusterCounter cluster) : IClassFixture<ClusterCounter>
{
    private const int Lanes = 12;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_written_through_one_silo_is_seen_through_the_next_also_while_silos_are_killed()
    {
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => Write($"first-{lane}", lane, until: written => written == 1))); // Silos that have just started still share out the work.
        var notYet = await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => Write($"own-{lane}", lane, until: written => written == 60)));
        Assert.Equal(0, notYet.Sum()); // Nothing fails yet, so five seconds are always enough.

        var over = false;
        var lanes = Enumerable.Range(0, Lanes).Select(lane => Write($"killed-{lane}", lane, until: written => Volatile.Read(ref over) && written > 60)).ToList();
        foreach (var silo in (int[])[2, 3])
        {
            cluster.Local.KillSilo(silo);
            await cluster.Local.SiloRunsAgainAsync(silo);
        }

        Volatile.Write(ref over, true);
        TestContext.Current.TestOutputHelper!.WriteLine($"{(await Task.WhenAll(lanes)).Sum()} questions were told to come back.");
    }

    // The number of questions that were told to come back.
    private async Task<int> Write(string video, int lane, Func<int, bool> until)
    {
        var notYet = 0;
        for (var written = 1; !until(written - 1); written++)
        {
            var ack = "";
            for (var silo = lane + written; ack is ""; silo++) ack = await Post(silo, video, $"{written}") ?? "";
            for (var silo = lane + written + 1; ; silo++)
            {
                var (status, count, problem) = await Ask(silo, $"/v1/videos/{video}/count?ack={ack}");
                if (status is HttpStatusCode.OK)
                {
                    Assert.Equal(written, count);
                    break;
                }

                if (problem is "not_visible_yet") notYet++;
            }
        }

        return notYet;
    }

    // Null if it is not known to be accepted.
    private async Task<string?> Post(int silo, string videoId, string id)
    {
        try
        {
            using var answer = await cluster.Local.Silos[silo % 3].PostAsJsonAsync("/v1/events", new { events = new[] { new { videoId, id } } }, Token);
            return answer.StatusCode is HttpStatusCode.Accepted ? answer.Headers.GetValues("Counter-Ack").Single() : null;
        }
        catch (HttpRequestException)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), Token); // It was killed, and is on its way back.
            return null;
        }
    }

    private async Task<(HttpStatusCode? Status, long? Count, string? Problem)> Ask(int silo, string address)
    {
        try
        {
            using var answer = await cluster.Local.Silos[silo % 3].GetAsync(address, Token);
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Token));
            return (answer.StatusCode, (long?)body?["count"], (string?)body?["code"]);
        }
        catch (HttpRequestException)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), Token);
            return (null, null, null);
        }
    }
}
