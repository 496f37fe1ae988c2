using Orleans.Counter.Counting;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Counting;

/// <summary>Corrections and removals that break off in the middle.</summary>
public sealed class CorrectionTests
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly DateTimeOffset Now = Minute.Of(DateTimeOffset.UtcNow).Start;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_correction_that_could_not_be_recorded_is_not_inside_and_made_again_it_is_inside_once()
    {
        var store = new FailsOnce(commit => commit.Correction is not null);
        await using var cluster = await CounterCluster.Start(store);
        cluster.Send(new Event(Kittens, Now), new Event(Kittens, Now));
        await cluster.Stored();
        var correction = new Correction("c", Kittens, EventType.View, Minute.Of(Now), 5, 5, "A test.", Now);

        await Assert.ThrowsAnyAsync<Exception>(async () => await Video(cluster).Correct(correction, Cancelled));
        cluster.Send(new Event(Kittens, Now));
        await cluster.Stored();
        Assert.Equal(3, store.Stored(Kittens, EventType.View).Total.Count);

        foreach (var _ in new[] { 1, 2 }) Assert.Equal(CorrectionOutcome.Done, (await Video(cluster).Correct(correction, Cancelled)).Outcome);
        Assert.Equal(8, store.Stored(Kittens, EventType.View).Total.Count);
        Assert.Equal(8, (await Video(cluster).Recent(EventType.View, Cancelled)).Total.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_removal_that_broke_off_is_finished_before_anything_new_is_counted(bool atTheEnd)
    {
        var store = new FailsOnce(commit => atTheEnd ? commit.Row is { Removed: not null, Removing: null } : commit.Removed is not null);
        await using var cluster = await CounterCluster.Start(store);
        DateTimeOffset[] days = [.. Enumerable.Range(2, 4).Select(days => new DateTimeOffset(Now.Date, TimeSpan.Zero).AddDays(-days))];
        cluster.Send([.. days.Select(day => new Event(Kittens, day.AddHours(5)))]);
        await cluster.Stored();
        cluster.Send(new Event(Kittens, Now));
        await cluster.Stored();
        Assert.Equal(4, store.SettledHours(Kittens).Count);

        await Assert.ThrowsAnyAsync<Exception>(async () => await Video(cluster).Remove(Cancelled));
        cluster.Send([.. days.Select(day => new Event(Kittens, day.AddHours(9))), new Event(Kittens, Now)]);
        await cluster.Stored();
        cluster.Send(new Event(Kittens, Now));
        await cluster.Stored();

        var (total, minutes) = store.Stored(Kittens, EventType.View);
        Assert.Equal((6, 6), (total.Count, minutes.Values.Sum(cell => cell.Count)));
        Assert.Equal(days.Order().Select(day => day.AddHours(9)), store.SettledHours(Kittens).Select(hour => Minute.HourStart(hour.Hour)));
    }

    [Fact]
    public async Task What_the_log_brings_again_after_a_removal_stays_removed()
    {
        var store = new MemoryCountStore();
        await using var cluster = await CounterCluster.Start(store, checkpointEvery: TimeSpan.FromMinutes(5), silos: 2);
        cluster.Send([.. Enumerable.Repeat(new Event(Kittens, Now), 10)]);
        await cluster.Visible(Kittens, 10);
        Assert.True(await Video(cluster).Remove(Cancelled));
        await cluster.Visible(Kittens, 0);

        var home = cluster.HomeOf(Video(cluster));
        await cluster.Kill(cluster.Silos.Single(silo => silo.SiloAddress.Equals(home)));
        Assert.Null(store.CheckpointOf(Shard.Of(Kittens))); // The shard had stored nothing, so the next activation of it hears everything again.
        cluster.Send(new Event(Kittens, Now));

        await cluster.Visible(Kittens, 1);
    }

    private static IVideoGrain Video(CounterCluster cluster) => cluster.Grains.GetGrain<IVideoGrain>(Kittens.Value);

    /// <summary>Refuses the first commit of a kind, for a reason that will not pass.</summary>
    private sealed class FailsOnce(Func<VideoCommit, bool> isMeant) : MemoryCountStore
    {
        private int _failed;

        public override ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken) =>
            isMeant(commit) && Interlocked.Exchange(ref _failed, 1) == 0
                ? ValueTask.FromException<RowVersion>(new InvalidOperationException("Refused."))
                : base.CommitVideo(commit, version, cancellationToken);
    }
}
