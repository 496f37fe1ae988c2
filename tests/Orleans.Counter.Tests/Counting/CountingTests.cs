using Orleans.Counter.Query;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Counting;

/// <summary>From the log to the rows, on a hub and a store in memory, with one thing broken in each test.</summary>
public sealed class CountingTests
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly VideoId Puppies = VideoId.Parse("puppies");
    private static readonly DateTimeOffset Now = new(DateTimeOffset.UtcNow.Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_event_is_in_its_minute_and_in_the_total()
    {
        await using var cluster = await CounterCluster.Start();

        cluster.Send(new Event(Kittens, Now), new Event(Kittens, Now), new Event(Puppies, Now), new Event(Kittens, Now.AddMinutes(-1), "like"), new Event(Puppies, Now, "watch", Value: 2.5));
        cluster.Send(new Event(Puppies, Now.AddHours(-3), "watch", Value: 0.5));
        await cluster.Stored();

        Assert.Equal(Cell.Plain(2), cluster.Store.Stored(Kittens, EventType.View).Total);
        Assert.Equal(Cell.Plain(1), cluster.Store.Stored(Kittens, EventType.Parse("like")).Minutes[Minute.Of(Now.AddMinutes(-1))]);
        Assert.Equal(new Cell(2, 3, 0.5, 2.5), cluster.Store.Stored(Puppies, EventType.Parse("watch")).Total);
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_is_not_counted_again()
    {
        await using var cluster = await CounterCluster.Start(new LosesAnswers());

        for (var i = 0; i < 20; i++)
        {
            cluster.Send(new Event(Kittens, Now, Id: $"a{i}"), new Event(Puppies, Now, Id: $"a{i}"));
            await cluster.Stored();
        }

        Assert.Equal(20, cluster.Store.Stored(Kittens, EventType.View).Total.Count);
        Assert.Equal(20, cluster.Store.Stored(Puppies, EventType.View).Total.Count);
    }

    [Fact]
    public async Task A_repeat_is_not_counted_and_is_told_apart_by_video_type_and_id()
    {
        await using var cluster = await CounterCluster.Start();

        cluster.Send(new Event(Kittens, Now, Id: "x"), new Event(Kittens, Now, Id: "x"), new Event(Kittens, Now, "like", "x"), new Event(Puppies, Now, Id: "x"), new Event(Kittens, Now), new Event(Kittens, Now));
        cluster.Send(new Event(Kittens, Now.AddMinutes(-1), Id: "x"));
        await cluster.Stored();

        Assert.Equal(3, cluster.Store.Stored(Kittens, EventType.View).Total.Count);
        Assert.Equal(1, cluster.Store.Stored(Kittens, EventType.Parse("like")).Total.Count);
        Assert.Equal(1, cluster.Store.Stored(Puppies, EventType.View).Total.Count);
        Assert.Equal(2, cluster.Store.Videos.Single(row => row.Video == Kittens).Duplicates);
    }

    [Fact]
    public async Task A_frame_that_was_sent_twice_is_dropped_whole_even_where_its_events_have_no_id()
    {
        await using var cluster = await CounterCluster.Start();
        var partition = Shard.Of(Kittens).Partition(CounterCluster.Partitions).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var frame = Events.Frame(new Event(Kittens, Now), new Event(Kittens, Now, Id: "y")).Data();

        cluster.Hub.Append(partition, frame);
        cluster.Hub.Append(partition, frame);
        await cluster.Stored();

        Assert.Equal(2, cluster.Store.Stored(Kittens, EventType.View).Total.Count);
        Assert.Equal(2, cluster.Store.Videos.Single().Duplicates);
    }

    [Fact]
    public async Task A_video_that_lost_its_memory_is_caught_up_with_although_nothing_new_is_sent()
    {
        var store = new RefusesVideos();
        await using var cluster = await CounterCluster.Start(store);
        cluster.Send(new Event(Kittens, Now, Id: "1"));
        await cluster.Stored();
        store.Refusing = true;
        cluster.Send(new Event(Kittens, Now, Id: "2"));
        await store.Refused;

        store.Refusing = false;
        await cluster.Stored();

        Assert.Equal(2, cluster.Store.Stored(Kittens, EventType.View).Total.Count);
    }

    [Fact]
    public async Task A_video_that_silently_lost_what_it_was_given_is_noticed_at_the_next_event()
    {
        var store = new RefusesVideos();
        await using var cluster = await CounterCluster.Start(store, checkpointEvery: TimeSpan.FromMinutes(5));
        cluster.Send(new Event(Kittens, Now, Id: "1"));
        await cluster.Visible(Kittens, 1);

        store.Refusing = true; // It cannot store what it holds when it leaves: as if its silo had died.
        await cluster.Forget(Kittens);
        store.Refusing = false;
        cluster.Send(new Event(Kittens, Now, Id: "2"));

        await cluster.Visible(Kittens, 2);
    }

    [Fact]
    public async Task A_video_that_silently_lost_what_it_was_given_is_noticed_at_the_next_checkpoint()
    {
        var store = new RefusesVideos();
        await using var cluster = await CounterCluster.Start(store, checkpointEvery: TimeSpan.FromSeconds(4));
        cluster.Send(new Event(Kittens, Now, Id: "1"));
        await cluster.Visible(Kittens, 1);

        store.Refusing = true;
        await cluster.Forget(Kittens);
        store.Refusing = false;
        await cluster.Stored();

        Assert.Equal(1, cluster.Store.Stored(Kittens, EventType.View).Total.Count);
    }

    [Fact]
    public async Task A_shard_that_lost_its_memory_goes_on_from_what_is_stored()
    {
        await using var cluster = await CounterCluster.Start(checkpointEvery: TimeSpan.FromSeconds(1));
        for (var i = 0; i < 50; i++)
        {
            cluster.Send(new Event(Kittens, Now.AddMinutes(-i % 3)), new Event(Puppies, Now));
            if (i % 10 == 5) await cluster.Forget(Shard.Of(Kittens));
        }

        await cluster.Stored();

        Assert.Equal(50, cluster.Store.Stored(Kittens, EventType.View).Total.Count);
        Assert.Equal(50, cluster.Store.Stored(Puppies, EventType.View).Total.Count);
    }

    [Fact]
    public async Task A_service_that_starts_again_recognises_what_it_has_counted_before()
    {
        var (store, hub) = (new MemoryCountStore(), new MemoryHub(CounterCluster.Partitions, TimeProvider.System));
        await using (var first = await CounterCluster.Start(store, hub))
        {
            first.Send(new Event(Kittens, Now, Id: "1"), new Event(Kittens, Now, Id: "2"));
            await first.Stored();
        }

        await using var second = await CounterCluster.Start(store, hub);
        second.Send(new Event(Kittens, Now, Id: "2"), new Event(Kittens, Now, Id: "3"));
        await second.Stored();

        Assert.Equal(3, store.Stored(Kittens, EventType.View).Total.Count);
    }

    [Fact]
    public async Task A_service_that_starts_again_reads_only_what_was_not_stored_and_recognises_what_came_long_before_that()
    {
        var (store, hub, sightings) = (new MemoryCountStore(), new MemoryHub(CounterCluster.Partitions, TimeProvider.System), new MemorySightings());
        await using (var first = await CounterCluster.Start(store, hub, sightings: sightings))
        {
            for (var i = 0; i < 100; i++) first.Send(new Event(Kittens, Now, Id: $"{i}"));
            await first.Stored();
        }

        var begun = hub.Begun.Count;
        await using var second = await CounterCluster.Start(store, hub, sightings: sightings);
        second.Send(new Event(Kittens, Now, Id: "0"), new Event(Kittens, Now, Id: "100"));
        await second.Stored();

        Assert.Equal(101, store.Stored(Kittens, EventType.View).Total.Count);
        var partition = Shard.Of(Kittens).Partition(CounterCluster.Partitions).ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal([100], hub.Begun.Skip(begun).Where(reader => reader.PartitionId == partition).Select(reader => reader.First));
    }

    [Fact]
    public async Task What_cannot_be_counted_is_set_aside_and_stops_nothing()
    {
        await using var cluster = await CounterCluster.Start();
        var partition = Shard.Of(Kittens).Partition(CounterCluster.Partitions).ToString(System.Globalization.CultureInfo.InvariantCulture);

        cluster.Hub.Append(partition, new("no frame"u8.ToArray(), new Dictionary<string, object> { ["events"] = 5 }));
        cluster.Send(new Event(Kittens, Now.AddDays(-9)), new Event(Kittens, Now.AddHours(1)), new Event(Kittens, Now));
        await cluster.Stored();

        Assert.Equal(1, cluster.Store.Stored(Kittens, EventType.View).Total.Count);
        Assert.Equal([("out_of_time", 2L), ("undecodable", 5L)], cluster.DeadLetters.Letters.Values.Select(letter => (letter.Reason, letter.EventCount)).Order());
    }

    [Fact]
    public async Task A_thirty_third_type_of_a_video_is_set_aside()
    {
        await using var cluster = await CounterCluster.Start();

        cluster.Send([.. Enumerable.Range(0, 40).Select(type => new Event(Kittens, Now, $"type{type:00}"))]);
        cluster.Send(new Event(Kittens, Now, "type00"), new Event(Kittens, Now, "type39"));
        await cluster.Stored();

        Assert.Equal(EventType.PerVideoMax, cluster.Store.Videos.Single().Totals.Count);
        Assert.Equal(9, cluster.DeadLetters.Letters.Values.Count(letter => letter.Reason == "too_many_types"));
        Assert.Equal(9, cluster.Store.Videos.Single().DeadLettered);
        Assert.Equal(2, cluster.Store.Stored(Kittens, EventType.Parse("type00")).Total.Count);
    }

    [Fact]
    public async Task Hours_settle_into_day_rows_and_a_late_event_opens_its_hour_again()
    {
        var clock = new JumpingClock();
        await using var cluster = await CounterCluster.Start(clock: clock);
        cluster.Send(new Event(Kittens, Now, Id: "1"), new Event(Kittens, Now.AddMinutes(-1), Id: "2"));
        await cluster.Stored();

        clock.Jump(TimeSpan.FromHours(3));
        await cluster.Store.Until(store => store.Videos.Single().Open.Count == 0);
        cluster.Send(new Event(Kittens, Now, Id: "3"));
        await cluster.Stored();
        await cluster.Store.Until(store => store.Videos.Single().Open.Count == 0);

        Assert.Equal(3, cluster.Store.Stored(Kittens, EventType.View).Total.Count);
        Assert.Equal(2, cluster.Store.Stored(Kittens, EventType.View).Minutes[Minute.Of(Now)].Count);
        Assert.Equal(3, (await cluster.Minutes(Kittens)).Sum(minute => minute.Cell.Count));
    }

    [Fact]
    public async Task A_backfill_of_seven_days_settles_as_it_goes_and_counts_every_minute()
    {
        await using var cluster = await CounterCluster.Start();
        for (var hour = 7 * 24; hour > 0; hour--) cluster.Send([.. Enumerable.Range(0, 60).Select(minute => new Event(Kittens, Now.AddHours(-hour).AddMinutes(minute), Value: 2))]);
        await cluster.Stored();

        var (total, minutes) = cluster.Store.Stored(Kittens, EventType.View);
        Assert.Equal(new Cell(7 * 1440, 2 * 7 * 1440, 2, 2), total);
        Assert.Equal(7 * 1440, minutes.Count);
        Assert.Equal(minutes.OrderBy(minute => minute.Key).Select(minute => (minute.Key, minute.Value)), await cluster.Minutes(Kittens));
        var first = new MinuteRange(Minute.Of(Now.AddDays(-3)), Minute.Of(Now.AddDays(-3).AddHours(1)));
        var recent = await cluster.Counts.Recent(Kittens, EventType.View, Seen.Anything, Cancelled);
        Assert.Equal(60 * 2.0, (await cluster.Counts.Sum(Kittens, EventType.View, recent, first, Cancelled)).Sum);
    }

    [Fact]
    public async Task A_hub_that_is_not_the_one_that_was_counted_is_refused()
    {
        var store = new MemoryCountStore();
        await store.AddLog(LogRow.FromBeginning("memory", Now.AddDays(-1), CounterCluster.Partitions, era: 0), Cancelled);

        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => CounterCluster.Start(store));

        Assert.Contains("The storage has counted from hub 'memory'", refusal.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Commits, and then, one time in two, says that somebody else did: what a retried transaction whose answer was lost looks like to one that has no commit id.</summary>
    private sealed class LosesAnswers : MemoryCountStore
    {
        private int _commits;

        public override async ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken)
        {
            var written = await base.CommitVideo(commit, version, cancellationToken);
            return Interlocked.Increment(ref _commits) % 2 == 0 ? written : throw new StaleWriterException("The answer was lost.");
        }
    }

    /// <summary>Refuses commits of videos while it is told to: the video that asked must forget everything.</summary>
    private sealed class RefusesVideos : MemoryCountStore
    {
        private readonly TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public volatile bool Refusing;

        public Task Refused => _refused.Task.WaitAsync(TimeSpan.FromSeconds(30));

        public override ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken)
        {
            if (!Refusing) return base.CommitVideo(commit, version, cancellationToken);
            _refused.TrySetResult();
            throw new StaleWriterException("Refused.");
        }
    }
}
