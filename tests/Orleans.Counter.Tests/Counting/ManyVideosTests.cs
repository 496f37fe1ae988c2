using System.Globalization;
using Orleans.Counter.Query;
using Xunit;

namespace Orleans.Counter.Tests.Counting;

/// <summary>More videos than memory is to hold: invented by a stranger, or real.</summary>
public sealed class ManyVideosTests(ITestOutputHelper output)
{
    private const int AwakeMax = 500;
    private const int KeptMax = 4 * Shard.Count;

    private static readonly int Videos = Environment.GetEnvironmentVariable("COUNTER_LONG") is "1" ? 1_000_000 : 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task However_many_videos_are_counted_memory_holds_no_more_of_them_than_it_may_and_every_count_is_right()
    {
        await using var cluster = await CounterCluster.Start(counting: options => (options.VideosAwakeMax, options.VideosKept) = (AwakeMax, KeptMax));
        var most = 0;
        foreach (var some in Enumerable.Range(0, Videos).Chunk(500))
        {
            cluster.Send([.. some.Select(number => new Event(Video(number), DateTimeOffset.UtcNow))]);
            most = Math.Max(most, cluster.VideosAwake);
        }

        await cluster.Stored();

        await Eventually(() => Shard.All.All(shard => cluster.VideosKept(shard) <= KeptMax / Shard.Count));
        Assert.InRange(Math.Max(most, cluster.VideosAwake), 1, AwakeMax);
        var grains = cluster.Grains.GetGrain<IManagementGrain>(0);
        int awake;
        using (var patience = new CancellationTokenSource(Patience))
            while ((awake = await grains.GetTotalActivationCount(Stop)) > AwakeMax + (2 * Shard.Count)) patience.Token.ThrowIfCancellationRequested();
        Assert.Equal(Videos, cluster.Store.Videos.Count);
        Assert.All(cluster.Store.Videos, row => Assert.Equal(1, row.Totals.Single().Total.Count));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Videos:N0} videos were counted; {most} at most were awake, and there are {awake} activations now."));
    }

    [Fact]
    public async Task A_video_that_falls_asleep_between_its_events_and_before_they_are_stored_loses_none()
    {
        await using var cluster = await CounterCluster.Start(checkpointEvery: TimeSpan.FromMilliseconds(500), counting: options => (options.VideosAwakeMax, options.VideosKept) = (1, 0));
        for (var round = 1; round <= 20; round++) cluster.Send([.. Enumerable.Range(0, 20).Select(number => new Event(Video(number), DateTimeOffset.UtcNow, Id: $"{round}"))]);
        await cluster.Stored();

        for (var number = 0; number < 20; number++)
        {
            Assert.Equal(20, await cluster.Counts.Count(Video(number), EventType.View, MinuteRange.Everything, Seen.Anything, Stop));
            Assert.Equal(20, cluster.Store.Stored(Video(number), EventType.View).Total.Count);
        }
    }

    [Fact]
    public async Task Who_asks_for_videos_that_nobody_has_seen_fills_no_memory()
    {
        await using var cluster = await CounterCluster.Start(counting: options => options.VideosAwakeMax = 50);

        for (var number = 0; number < 2_000; number++) Assert.Equal(0, await cluster.Counts.Count(Video(number), EventType.View, MinuteRange.Everything, Seen.Anything, Stop));

        Assert.InRange(cluster.VideosAwake, 1, 50);
        Assert.Empty(cluster.Store.Videos);
    }

    [Fact]
    public async Task An_hour_that_nobody_remembers_to_settle_settles_when_its_video_is_next_counted()
    {
        await using var cluster = await CounterCluster.Start(counting: options => options.VideosKept = 0);
        var yesterday = DateTimeOffset.UtcNow.AddDays(-1);
        cluster.Send(new Event(Video(0), DateTimeOffset.UtcNow));
        await cluster.Stored();
        await Eventually(() => cluster.VideosKept(Shard.Of(Video(0))) == 0);
        Assert.NotEmpty(cluster.Store.Videos.Single().Open);

        cluster.Send(new Event(Video(0), yesterday));
        await cluster.Stored();

        Assert.Equal(2, await cluster.Counts.Count(Video(0), EventType.View, MinuteRange.Everything, Seen.Anything, Stop));
        Assert.Equal(1, cluster.Store.SettledHours(Video(0)).Sum(hour => hour.Cells.Sum(cell => cell.Cell.Count)));
    }

    private static VideoId Video(int number) => VideoId.Parse($"invented-{number}");

    private static async Task Eventually(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        for (; !condition(); patience.Token.ThrowIfCancellationRequested()) await Task.Yield();
    }
}
