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
        await using var cluster = await AtHome(silos: 3);

        Assert.Equal(cluster.Silos.Select(silo => silo.SiloAddress).Order(), Homes(cluster).Distinct().Order());
    }

    [Fact]
    public async Task A_silo_that_joins_takes_over_its_part_and_every_event_is_counted_once()
    {
        await using var cluster = await AtHome(silos: 1);

        var joined = await cluster.Join();
        var sent = await GoHome(cluster, alreadySent: cluster.Hub.Log("0").Count);

        Assert.Contains(joined.SiloAddress, Homes(cluster));
        Assert.All(Videos, video => Assert.Equal(sent, cluster.Store.Stored(video, EventType.View).Total.Count));
    }

    [Fact]
    public async Task A_silo_that_leaves_has_stored_what_its_shards_held_and_the_others_go_on()
    {
        await using var cluster = await AtHome(silos: 3);
        await cluster.Pace(Never);
        var sent = cluster.Hub.Log("0").Count;
        cluster.Send([.. Videos.Select(video => new Event(video, Now))]);
        foreach (var video in Videos) await cluster.Visible(video, sent + 1);
        var leaving = cluster.Silos[1];
        var itsVideos = Videos.Where(video => leaving.SiloAddress.Equals(HomeOf(cluster, video))).ToList();

        await cluster.Leave(leaving);

        Assert.NotEmpty(itsVideos);
        Assert.All(itsVideos, video => Assert.Equal(sent + 1, cluster.Store.Stored(video, EventType.View).Total.Count));
        Assert.All(itsVideos, video => Assert.Equal(Position.Of(0, sent), cluster.Store.CheckpointOf(Shard.Of(video))?.Position));
        cluster.Send([.. Videos.Select(video => new Event(video, Now))]);
        foreach (var video in Videos) await cluster.Visible(video, sent + 2);
    }

    [Fact]
    public async Task A_silo_that_ends_without_storing_anything_loses_nothing()
    {
        await using var cluster = await AtHome(silos: 3);
        await cluster.Pace(Never);
        var sent = cluster.Hub.Log("0").Count;
        cluster.Send([.. Videos.Select(video => new Event(video, Now))]);
        foreach (var video in Videos) await cluster.Visible(video, sent + 1);

        await cluster.Kill(cluster.Silos[2]);
        cluster.Send([.. Videos.Select(video => new Event(video, Now))]);

        foreach (var video in Videos) await cluster.Visible(video, sent + 2);
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

    /// <summary>Silos start one after the other; this returns when everything is where it belongs.</summary>
    private static async Task<CounterCluster> AtHome(short silos)
    {
        var cluster = await CounterCluster.Start(silos: silos);
        await GoHome(cluster, alreadySent: 0);
        return cluster;
    }

    private static async Task<int> GoHome(CounterCluster cluster, int alreadySent)
    {
        var silos = cluster.Silos.Select(silo => silo.SiloAddress).ToList();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        do
        {
            patience.Token.ThrowIfCancellationRequested();
            cluster.Send([.. Videos.Select(video => new Event(video, Now))]);
            alreadySent++;
            await cluster.Stored();
        }
        while (!Shard.All.All(shard => IsAt(HomeOf(cluster, shard), shard)) || !Videos.All(video => IsAt(HomeOf(cluster, video), Shard.Of(video))));
        return alreadySent;

        bool IsAt(SiloAddress? home, Shard shard) => home?.Equals(Rendezvous.Home(shard.ToString(), silos)) is true;
    }
}
