using Orleans.Counter.Counting;
using Xunit;

namespace Orleans.Counter.Tests.Counting;

/// <summary>Shards and videos on several silos, while these come and go.</summary>
public sealed class MovingTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private static readonly IReadOnlyList<VideoId> Videos = [.. Enumerable.Range(0, 600).Select(number => VideoId.Parse($"video-{number}"))];
    private static readonly TimeSpan Never = TimeSpan.FromMinutes(5); // for as long as a test takes

    [Fact]
    public async Task A_video_lives_where_its_shard_lives_and_every_silo_has_some()
    {
        await using var cluster = await CounterCluster.Start(silos: 3);
        do
        {
            cluster.Send([.. Videos.Select(video => new Event(video, Now))]);
            await cluster.Stored();
        }
        while (!AtHome(cluster)); // The silos have started one after the other.

        Assert.Equal(cluster.Silos.Select(silo => silo.SiloAddress).Order(), Homes(cluster).Distinct().Order());
    }

    [Fact]
    public async Task A_silo_that_joins_takes_over_its_part_and_every_event_is_counted_once()
    {
        await using var cluster = await CounterCluster.Start();
        cluster.Send([.. Videos.Select(video => new Event(video, Now))]);
        await cluster.Stored();

        var joined = await cluster.Join();
        var sent = 1;
        do
        {
            cluster.Send([.. Videos.Select(video => new Event(video, Now))]);
            sent++;
            await cluster.Stored();
        }
        while (!AtHome(cluster) || !Homes(cluster).Contains(joined.SiloAddress));

        Assert.All(Videos, video => Assert.Equal(sent, cluster.Store.Stored(video, EventType.View).Total.Count));
    }

    [Fact]
    public async Task A_silo_that_leaves_has_stored_what_its_shards_held_and_the_others_go_on()
    {
        await using var cluster = await CounterCluster.Start(silos: 3, checkpointEvery: Never);
        cluster.Send([.. Videos.Select(video => new Event(video, Now))]);
        foreach (var video in Videos) await cluster.Visible(video, 1);
        var leaving = cluster.Silos[1];
        var itsVideos = Videos.Where(video => leaving.SiloAddress.Equals(HomeOf(cluster, video))).ToList();

        await cluster.Leave(leaving);

        Assert.NotEmpty(itsVideos);
        Assert.All(itsVideos, video => Assert.Equal(1, cluster.Store.Stored(video, EventType.View).Total.Count));
        Assert.All(itsVideos, video => Assert.Equal(Position.Of(0, 0), cluster.Store.CheckpointOf(Shard.Of(video))?.Position));
        cluster.Send([.. Videos.Select(video => new Event(video, Now))]);
        foreach (var video in Videos) await cluster.Visible(video, 2);
    }

    [Fact]
    public async Task A_silo_that_ends_without_storing_anything_loses_nothing()
    {
        await using var cluster = await CounterCluster.Start(silos: 3, checkpointEvery: Never);
        cluster.Send([.. Videos.Select(video => new Event(video, Now))]);
        foreach (var video in Videos) await cluster.Visible(video, 1);

        await cluster.Kill(cluster.Silos[2]);
        cluster.Send([.. Videos.Select(video => new Event(video, Now))]);

        foreach (var video in Videos) await cluster.Visible(video, 2);
    }

    [Fact]
    public async Task The_last_silo_stores_everything_before_it_goes()
    {
        await using var cluster = await CounterCluster.Start(checkpointEvery: Never);
        cluster.Send([.. Videos.Select(video => new Event(video, Now))]);
        foreach (var video in Videos) await cluster.Visible(video, 1);

        await cluster.Leave(cluster.Silos[0]);

        Assert.All(Videos, video => Assert.Equal(1, cluster.Store.Stored(video, EventType.View).Total.Count));
    }

    private static SiloAddress? HomeOf(CounterCluster cluster, Shard shard) => cluster.HomeOf(cluster.Grains.GetGrain<IShardGrain>(shard.ToString()));

    private static SiloAddress? HomeOf(CounterCluster cluster, VideoId video) => cluster.HomeOf(cluster.Grains.GetGrain<IVideoGrain>(video.Value));

    private static IEnumerable<SiloAddress?> Homes(CounterCluster cluster) => Shard.All.Select(shard => HomeOf(cluster, shard));

    private static bool AtHome(CounterCluster cluster)
    {
        var silos = cluster.Silos.Select(silo => silo.SiloAddress).ToList();
        return Shard.All.All(shard => HomeOf(cluster, shard)?.Equals(Rendezvous.Home(shard.ToString(), silos)) is true)
            && Videos.All(video => HomeOf(cluster, video)?.Equals(Rendezvous.Home(Shard.Of(video).ToString(), silos)) is true);
    }
}
