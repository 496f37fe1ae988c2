using System.Net;
using System.Net.Http.Json;
using Orleans.Counter.Tests.Azure.River;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Cluster;

/// <summary>Three silos in processes of their own, and what they answer after all that may happen to each of them.</summary>
[Collection(nameof(RiverCollection))]
public sealed class ClusterTests(ClusterCounter cluster) : IClassFixture<ClusterCounter>
{
    private const string TakenOver = ": taken over";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly bool Long = Environment.GetEnvironmentVariable("COUNTER_LONG") is "1";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_any_silo_is_sent_every_silo_answers()
    {
        var videos = Enumerable.Range(0, 30).Select(number => $"any-{number}").ToArray();
        foreach (var (index, silo) in cluster.Local.Silos.Index())
        {
            var events = videos.Select(videoId => new { videoId, id = $"{index}" }).Append(new { videoId = "any-0", id = "the same for all" });
            using var answer = await silo.PostAsJsonAsync("/v1/events", new { events }, Token);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        foreach (var answers in cluster.Local.Silos.Select(silo => new Answers([silo])))
            foreach (var (index, video) in videos.Index())
                await Eventually.Answers(token => answers.Count(video, "view", token), count => count == (index is 0 ? 4 : 3), Patience);
    }

    [Fact]
    public async Task A_silo_that_joins_while_events_come_takes_over_a_part_of_the_work_and_nothing_is_lost()
    {
        await using var flow = new Flow([.. cluster.Local.Silos], "join-");
        await flow.Goes();

        var joined = await cluster.Local.AddSilo();
        await Eventually.Answers(_ => Task.FromResult(cluster.Local.SiloLog(joined)), log => log.Contains(TakenOver, StringComparison.Ordinal), Patience);
        await flow.Goes();

        var sent = await flow.Stop();
        await cluster.Answers.BecomeExact(sent);
        Assert.Empty(flow.Refusals);
        await new Answers([cluster.Local.Silos[joined - 1]]).BecomeExact(sent);
        Assert.Equal(0, await cluster.Local.StopSilo(joined));
        await cluster.Answers.BecomeExact(sent);
    }

    [Fact]
    public async Task A_front_end_without_a_silo_takes_events_and_answers_and_a_silo_without_one_counts()
    {
        var api = await cluster.Local.AddSilo(role: "api");
        var silo = await cluster.Local.AddSilo(role: "silo");
        var (frontEnd, counting) = (cluster.Local.Silos[api - 1], cluster.Local.Silos[silo - 1]);
        await using var flow = new Flow([frontEnd], "roles-");
        await flow.Goes();

        await new Answers([frontEnd, cluster.Local.Silos[0]]).BecomeExact(await flow.Stop());
        using var refused = await counting.GetAsync("/v1/videos/roles-0/count", Token);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Contains(TakenOver, cluster.Local.SiloLog(silo), StringComparison.Ordinal);
        Assert.DoesNotContain(TakenOver, cluster.Local.SiloLog(api), StringComparison.Ordinal);
        Assert.Equal(0, await cluster.Local.StopSilo(silo));
        Assert.Equal(0, await cluster.Local.StopSilo(api));
    }

    [Fact]
    public async Task A_silo_that_is_asked_to_leave_hands_its_work_over_and_ends_in_peace()
    {
        await using var flow = new Flow(cluster.Local.Silos, "leave-");
        await flow.Goes();

        Assert.Equal(0, await cluster.Local.StopSilo(3));
        Assert.Contains("shards have stored what they held", cluster.Local.SiloLog(3), StringComparison.Ordinal);
        await cluster.Local.SiloRunsAgainAsync(3);
        await flow.Goes();

        await cluster.Answers.BecomeExact(await flow.Stop());
        Assert.DoesNotContain(flow.Refusals, refusal => refusal.Silo is not 3);
    }

    [Fact]
    public async Task A_silo_that_is_killed_while_events_come_loses_nothing()
    {
        await using var flow = new Flow(cluster.Local.Silos, "kill-");
        await flow.Goes();

        cluster.Local.KillSilo(2);
        await cluster.Local.SiloRunsAgainAsync(2);
        await flow.Goes();

        await cluster.Answers.BecomeExact(await flow.Stop());
        Assert.DoesNotContain(flow.Refusals, refusal => refusal.Silo is not 2);
    }

    [Fact]
    public async Task A_silo_that_stood_still_until_others_did_its_work_changes_nothing_when_it_goes_on()
    {
        var others = new Answers([cluster.Local.Silos[0], cluster.Local.Silos[2]]);
        await using var flow = new Flow(cluster.Local.Silos, "frozen-");
        await flow.Goes();

        await cluster.Local.FreezeSilo(2);
        await others.CaughtUp();
        await cluster.Local.ThawSilo(2);
        await cluster.Local.SiloRunsAgainAsync(2); // The others have declared it dead: it ends when it hears of it.
        await flow.Goes();

        await cluster.Answers.BecomeExact(await flow.Stop());
        Assert.DoesNotContain(flow.Refusals, refusal => refusal.Silo is not 2);
    }

    [Fact]
    public async Task What_a_killed_silo_had_not_stored_comes_back_without_any_new_event()
    {
        const int videos = 600;
        var batches = Enumerable.Range(0, videos).Select(number => new { videoId = $"tail-{number}", id = "1" }).Chunk(100).ToList();
        var answers = await Task.WhenAll(batches.Select((events, i) => cluster.Local.Silos[i % 3].PostAsJsonAsync("/v1/events", new { events }, Token)));
        cluster.Local.KillSilo(3);

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode));
        var others = new Answers([cluster.Local.Silos[0], cluster.Local.Silos[1]]);
        for (var number = 0; number < videos; number++)
            await Eventually.Answers(token => others.Count($"tail-{number}", "view", token), count => count == 1, Patience);
        await cluster.Local.SiloRunsAgainAsync(3);
    }

    [Fact]
    public async Task A_rolling_restart_of_all_silos_in_the_middle_of_an_import_loses_nothing()
    {
        var (file, scale) = (TrendingFile.Example().WithPrefix("rolling-"), Long ? 10_000 : 25_000);
        using var import = cluster.Import(file, scale);
        await import.FirstTenth();

        for (var silo = 1; silo <= 3; silo++)
        {
            Assert.Equal(0, await cluster.Local.StopSilo(silo));
            await cluster.Local.SiloRunsAgainAsync(silo);
        }

        await cluster.Answers.BecomeExact(RiverCounter.Sent(file, await import.Succeeds(), scale));
    }

    [Fact]
    public async Task Silos_that_are_killed_one_after_the_other_leave_the_last_one_with_all_the_work()
    {
        await using var counter = await LocalCounter.StartAsync(silos: 3, restart: false);
        var last = new Answers([counter.Http]);
        await using var flow = new Flow(counter.Silos, "last-");
        await flow.Goes();

        foreach (var silo in (int[])[3, 2])
        {
            counter.KillSilo(silo);
            await last.CaughtUp();
            await flow.Goes();
        }

        await last.BecomeExact(await flow.Stop());
        Assert.DoesNotContain(flow.Refusals, refusal => refusal.Silo is 1);
    }

    [Fact]
    public async Task While_the_storage_is_away_silos_accept_events_and_stay_alive_and_nothing_is_lost()
    {
        var silos = Pids();
        await using var flow = new Flow(cluster.Local.Silos, "away-");
        await flow.Goes();

        // Whoever starts it again waits half a second, then twice as long each time: it is away for 7 seconds, or for 60, but for moments.
        for (var times = Long ? 7 : 4; times > 0; times--)
        {
            cluster.Local.EndStorage();
            await cluster.Local.StorageRunsAgainAsync();
        }
        await flow.Goes();

        await cluster.Answers.BecomeExact(await flow.Stop());
        Assert.Empty(flow.Refusals);
        Assert.Equal(silos, Pids());
    }

    private int[] Pids() => [.. Enumerable.Range(1, 3).Select(cluster.Local.SiloPid)];
}
