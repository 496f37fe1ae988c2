using Orleans.Counter.Rollup;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Rollup;

/// <summary>A run of a group, on stores in memory: killed at every step, met by another one and by changes between any two steps, over a year.</summary>
public sealed class RollupRunTests
{
    private static readonly VideoId[] Videos = RollupWorld.Videos;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_year_passes_and_every_minute_of_it_is_where_it_belongs()
    {
        var world = new RollupWorld(new() { ColdAfter = TimeSpan.FromDays(90), ColdTier = SegmentTier.Cool });
        var random = new Random(1);
        for (var day = 0; day < 400; day++)
        {
            for (var event_ = 0; event_ < 6; event_++)
                if (day % 9 != 4) await world.Count(Any(random), random.Next(3) == 0 ? RollupWorld.Like : EventType.View, world.Today.AddDays(-random.Next(3)), random.Next(Minute.PerDay), Cell.One(random.Next(1, 4)));
            if (day % 7 == 3 && day > 10) await world.Set(Any(random), EventType.View, world.Today.AddDays(-random.Next(10, Math.Min(day, 120))), random.Next(Minute.PerDay), random.Next(4) == 0 ? Cell.Nothing : Cell.Plain(random.Next(1, 9)));
            world.Clock.Advance(TimeSpan.FromDays(1));
            await world.Checkpoint();
            await world.Run();
            world.IsTidy();
            if (day % 20 == 19) await world.IsExact();
        }

        await world.IsExact();
        Assert.Equal((world.Today.AddDays(-9), world.Today.AddDays(-31), world.Today.AddDays(-91)), (world.Row.ArchivedThrough, world.Row.RetiredThrough, world.Row.CooledThrough));
        Assert.All(world.Cold.Segments, segment => Assert.Equal(segment.Id.Day <= world.Row.CooledThrough ? SegmentTier.Cool : null, world.Cold.TierOf(segment.Id)));
        var manifest = await world.Store.ReadManifest(RollupWorld.Group, DateOnly.MinValue, DateOnly.MaxValue, Token);
        Assert.Equal(world.Cold.Segments.Select(segment => (segment.Id.Day, segment.Rows, segment.Count, segment.Bytes)), manifest.Select(day => (day.Day, day.Rows, day.Count, day.Bytes)));
        Assert.All(manifest, day => Assert.Equal(day.Day <= world.Row.RetiredThrough, day.RetiredAt is not null));
    }

    [Fact]
    public async Task A_run_that_is_killed_at_any_of_its_steps_ends_the_same_when_another_one_goes_on()
    {
        var whole = await Busy();
        var steps = new Steps();
        await whole.NewRun(steps).Go(Token);
        await whole.IsExact();
        whole.IsTidy();
        var wanted = await whole.Stands();
        Assert.True(steps.Taken > 200, $"A run of {steps.Taken} steps shows little.");

        foreach (var number in steps.ThatMatter)
            foreach (var isDone in new[] { false, true })
            {
                var world = await Busy();
                var killed = new Steps();
                if (isDone) killed.After = Kill;
                else killed.Before = Kill;
                await Assert.ThrowsAsync<Killed>(() => world.NewRun(killed).Go(Token));
                await world.IsExact();
                await world.Run();
                await world.IsExact();
                world.IsTidy();
                Assert.Equal(wanted, await world.Stands());

                void Kill(int step)
                {
                    if (step == number) throw new Killed();
                }
            }
    }

    [Fact]
    public async Task Another_run_may_go_through_between_any_two_steps_of_one()
    {
        var whole = await Busy();
        var steps = new Steps();
        await whole.NewRun(steps).Go(Token);
        var wanted = await whole.Stands();

        foreach (var number in steps.ThatMatter)
        {
            var world = await Busy();
            var slow = new Steps { Before = step => Meanwhile(step == number, world.Run) };
            await world.NewRun(slow).Go(Token);
            await world.IsExact();
            world.IsTidy();
            Assert.Equal(wanted, await world.Stands());
        }
    }

    [Fact]
    public async Task A_run_that_was_asleep_since_any_of_its_steps_undoes_nothing_of_what_others_did_meanwhile()
    {
        var whole = await Busy();
        var steps = new Steps();
        await whole.NewRun(steps).Go(Token);

        foreach (var number in steps.ThatMatter)
        {
            var world = await Busy();
            var slow = new Steps { Before = step => Meanwhile(step == number, () => WeeksPass(world)) };
            await world.NewRun(slow).Go(Token);
            await world.IsExact();
            await world.Run();
            await world.IsExact();
            world.IsTidy();
        }

        // Others archive, change, archive what has changed, and delete the rows.
        static async Task WeeksPass(RollupWorld world)
        {
            await world.Run();
            await world.Set(Videos[0], EventType.View, Day(1), 5, Cell.Plain(1_000));
            await world.Set(Videos[1], EventType.View, Day(12), 7, Cell.Nothing);
            await world.Run();
            world.Clock.Advance(TimeSpan.FromDays(60));
            await world.Checkpoint();
            await world.Run();
            await world.Set(Videos[2], EventType.View, Day(14), 9, Cell.Plain(2_000));
            await world.Run();
        }
    }

    [Fact]
    public async Task Old_days_may_be_changed_between_any_two_steps()
    {
        var whole = await Busy();
        var steps = new Steps();
        await whole.NewRun(steps).Go(Token);

        foreach (var number in steps.ThatMatter)
        {
            var world = await Busy();
            var disturbed = new Steps { Before = step => Meanwhile(step == number, () => Change(world)) };
            await world.NewRun(disturbed).Go(Token);
            await world.IsExact();
            await world.Run();
            await world.IsExact();
            world.IsTidy();
        }

        // Of days that are retired, archived, being archived, and empty until now; some twice.
        static async Task Change(RollupWorld world)
        {
            foreach (var day in new[] { 1, 2, 4, 10, 14, 15, 16 })
            {
                await world.Set(Videos[day % 4], EventType.View, Day(day), 60, Cell.Plain(day + 1_000));
                await world.Set(Videos[5], RollupWorld.Like, Day(day), 61, Cell.One(day));
            }

            await world.Set(Videos[1], EventType.View, Day(2), 60, Cell.Nothing);
            foreach (var day in new[] { 10, 12, 13 }) await world.Set(Videos[0], EventType.View, Day(day), day, Cell.Plain(day + 2_000)); // Their rows stand already.
        }
    }

    [Fact]
    public async Task The_first_run_begins_with_the_first_day_that_could_have_been_counted_or_was()
    {
        var world = new RollupWorld();
        await world.Run();
        Assert.Equal(new GroupRow(new(2026, 2, 21), new(2026, 2, 20), new(2026, 2, 20)), world.Row);

        var older = new RollupWorld();
        await older.Count(Videos[0], EventType.View, new(2025, 12, 24), 3, Cell.Plain(1));
        await older.Settle(Videos[0], Token);
        await older.Count(Videos[1], EventType.View, new(2025, 12, 23), 3, Cell.Plain(1)); // Still open, since a log before this one.
        await older.Run();
        Assert.Equal(new(2025, 12, 23), older.Row.LiveFrom);
        await older.IsExact();
    }

    [Fact]
    public async Task A_day_is_archived_a_day_after_its_last_event_could_come_and_not_before()
    {
        var world = new RollupWorld();
        await world.Count(Videos[0], EventType.View, world.Today, 3, Cell.Plain(1));
        var day = world.Today;
        world.Clock.SetUtcNow(RollupPlan.EndOf(day) + TimeSpan.FromDays(8) - TimeSpan.FromSeconds(1));
        await world.Checkpoint();
        await world.Run();
        Assert.Equal(day.AddDays(-1), world.Row.ArchivedThrough);
        Assert.Empty(world.Cold.Segments);

        world.Clock.Advance(TimeSpan.FromSeconds(1));
        await world.Checkpoint();
        await world.Run();
        Assert.Equal(day, world.Row.ArchivedThrough);
        Assert.Equal(1, Assert.Single(world.Cold.Segments).Count);
    }

    [Fact]
    public async Task A_partition_that_lags_holds_a_day_back_and_it_is_said_which_one_and_since_when()
    {
        var world = new RollupWorld();
        await world.Count(Videos[0], EventType.View, world.Today, 3, Cell.Plain(1));
        var (day, slow) = (world.Today, RollupWorld.Group.Shards.ElementAt(5));
        world.Append();
        await world.Checkpoint();
        world.Clock.Advance(TimeSpan.FromDays(9));
        world.Append();
        await world.Checkpoint(shard => shard != slow);

        var run = await world.Run();

        Assert.Equal(day.AddDays(-8), run.SealedThrough);
        Assert.Equal((day.AddDays(-7), slow.Number, 0), (run.HeldBack!.Day, run.HeldBack.Shard, run.HeldBack.Partition));
        Assert.Equal(RollupPlan.EndOf(run.HeldBack.Day) + TimeSpan.FromDays(8), run.HeldBack.Since);
        Assert.Contains($"Shard {slow} has stored partition 0 up to message 0", run.HeldBack.Reason, StringComparison.Ordinal);
        Assert.Empty(world.Cold.Segments);
        Assert.Equal(7, world.Plan.DaysLate(world.Row.ArchivedThrough, world.Clock.GetUtcNow()));

        await world.Checkpoint();
        Assert.Null((await world.Run()).HeldBack);
        Assert.Equal(day, world.Row.ArchivedThrough);
        Assert.Equal(0, world.Plan.DaysLate(world.Row.ArchivedThrough, world.Clock.GetUtcNow()));
    }

    [Fact]
    public async Task A_shard_that_never_stored_anything_holds_a_day_back_while_its_partition_holds_something()
    {
        var world = new RollupWorld();
        world.Append();
        world.Clock.Advance(TimeSpan.FromDays(20));

        var run = await world.Run();

        Assert.Contains("has stored nothing of partition 0, which holds messages up to 0", run.HeldBack!.Reason, StringComparison.Ordinal);
        Assert.Equal(world.Row.ArchivedThrough.AddDays(1), run.HeldBack.Day);
    }

    [Fact]
    public async Task A_partition_that_is_idle_holds_nothing_back()
    {
        var world = new RollupWorld();
        await world.Count(Videos[0], EventType.View, world.Today, 3, Cell.Plain(1));
        var day = world.Today;
        world.Append();
        await world.Checkpoint(shard => shard.Number % 2 == 0 || shard.Number % 2 == 1);
        world.Clock.Advance(TimeSpan.FromDays(9)); // And nobody sends anything.

        var run = await world.Run();

        Assert.Null(run.HeldBack);
        Assert.Equal(day, world.Row.ArchivedThrough);
        await world.IsExact();
    }

    [Fact]
    public async Task A_hub_that_nobody_ever_used_holds_nothing_back()
    {
        var world = new RollupWorld();
        world.Clock.Advance(TimeSpan.FromDays(50));

        Assert.Null((await world.Run()).HeldBack);
        Assert.Equal(world.Today.AddDays(-9), world.Row.ArchivedThrough);
        Assert.Equal(world.Today.AddDays(-31), world.Row.RetiredThrough);
    }

    [Fact]
    public async Task History_of_before_the_first_day_goes_into_segments_and_leaves_no_rows()
    {
        var world = new RollupWorld();
        await world.Run();
        for (var day = 1; day <= 100; day++)
            foreach (var video in Videos[..3]) await world.Set(video, EventType.View, world.Row.LiveFrom.AddDays(-day), day, Cell.Plain(day));

        await world.Run();

        await world.IsExact();
        world.IsTidy();
        Assert.Empty(world.Store.Days);
        Assert.Equal(100, world.Cold.Segments.Count);
    }

    [Fact]
    public async Task After_a_long_outage_days_are_archived_and_retired_in_one_run()
    {
        var world = new RollupWorld();
        for (var day = 0; day < 5; day++) await world.Count(Videos[day], EventType.View, world.Today.AddDays(day), day, Cell.Plain(day + 1));
        world.Clock.Advance(TimeSpan.FromDays(200));

        await world.Run();

        await world.IsExact();
        world.IsTidy();
        Assert.Empty(world.Store.Days);
        Assert.Equal(5, world.Cold.Segments.Count);
    }

    [Fact]
    public async Task A_day_from_which_everything_was_taken_is_an_empty_segment()
    {
        var world = await Busy();
        await world.Run();
        await world.Set(Videos[1], EventType.View, Day(1), 60, Cell.Nothing);
        foreach (var (video, type, ofDay) in new[] { (Videos[0], EventType.View, 1), (Videos[1], RollupWorld.Like, 600) }) await world.Set(video, type, Day(1), ofDay, Cell.Nothing);
        await world.Set(Videos[0], EventType.View, Day(1), 700, Cell.Nothing);

        await world.Run();

        await world.IsExact();
        world.IsTidy();
        Assert.Equal(0, world.Cold.Segments.Single(segment => segment.Id.Day == Day(1)).Rows);
    }

    [Fact]
    public async Task A_segment_that_is_not_read_back_as_it_was_written_stops_the_group_and_nothing_is_deleted()
    {
        var segments = new Forgets();
        var world = new RollupWorld(segments: segments);
        foreach (var video in Videos) await world.Count(video, EventType.View, world.Today, 3, Cell.Plain(1));
        world.Clock.Advance(TimeSpan.FromDays(60));

        foreach (var way in new Func<SegmentDay, SegmentDay?>[] { _ => null, day => day with { Hours = [new(day.Type, day.Hours[0].Hour, [new(3, Cell.Plain(2))])] } })
        {
            segments.Reads = way;
            var failure = await Assert.ThrowsAsync<RollupException>(world.Run);
            Assert.Contains("The segment minutes/date=2026-03-01/group=4/minutes.parquet", failure.Message, StringComparison.Ordinal);
            Assert.Equal(new(2026, 2, 28), world.Row.ArchivedThrough);
            await world.IsExact();
        }

        segments.Reads = day => day;
        await world.Run();
        await world.IsExact();
        world.IsTidy();
    }

    [Fact]
    public async Task A_segment_that_was_damaged_stops_the_group_before_the_change_is_forgotten()
    {
        var segments = new Forgets();
        var world = new RollupWorld(segments: segments);
        await world.Count(Videos[0], EventType.View, world.Today, 3, Cell.Plain(1));
        var day = world.Today;
        world.Clock.Advance(TimeSpan.FromDays(60));
        await world.Run();
        await world.Set(Videos[1], EventType.View, day, 3, Cell.Plain(9));

        segments.Reads = _ => throw new InvalidDataException("It was damaged.");
        await Assert.ThrowsAsync<InvalidDataException>(world.Run);
        Assert.Single(RollupWorld.Group.Shards, shard => world.Store.ChangedDays(shard).Count > 0);

        segments.Reads = one => one;
        await world.Run();
        await world.IsExact();
        world.IsTidy();
    }

    [Fact]
    public async Task Videos_that_never_settle_are_named_and_nothing_is_archived_without_them()
    {
        var world = new RollupWorld();
        await world.Count(Videos[0], EventType.View, world.Today, 3, Cell.Plain(1));
        world.Clock.Advance(TimeSpan.FromDays(60));

        var failure = await Assert.ThrowsAsync<RollupException>(() => world.NewRun(videos: new NeverSettles()).Go(Token));

        Assert.Contains($"'{Videos[0]}' and 0 other videos", failure.Message, StringComparison.Ordinal);
        Assert.Empty(world.Cold.Segments);
        await world.IsExact();
    }

    private static DateOnly Day(int number) => DateOnly.FromDateTime(RollupWorld.Start.UtcDateTime).AddDays(number);

    private static VideoId Any(Random random) => Videos[random.Next(Videos.Length)];

    private static void Meanwhile(bool isNow, Func<Task> what)
    {
        if (isNow) Task.Run(what, Token).GetAwaiter().GetResult();
    }

    /// <summary>
    /// A group with something of everything to do: days that are retired, or archived, with changes in some of them; days that are due to be archived, with hours that are open, and one of them empty; and days that are due to be retired
    /// and to be moved to the cold tier.
    /// </summary>
    private static async Task<RollupWorld> Busy()
    {
        var world = new RollupWorld(new() { HotRetention = TimeSpan.FromDays(12), ColdAfter = TimeSpan.FromDays(30) });
        foreach (var day in new[] { 1, 2, 4, 5, 10, 12, 13 })
        {
            await world.Count(Videos[0], EventType.View, Day(day), day, Cell.Plain(day));
            await world.Count(Videos[1], EventType.View, Day(day), 60, Cell.Plain(1));
            await world.Count(Videos[1], RollupWorld.Like, Day(day), 600, Cell.One(2.5));
        }

        foreach (var video in Videos) if (await world.Store.ReadVideo(video, Token) is not null) await world.Settle(video, Token);
        world.Clock.SetUtcNow(RollupPlan.EndOf(Day(14)));
        await world.Checkpoint();
        await world.Run();

        await world.Set(Videos[0], EventType.View, Day(1), 700, Cell.Plain(5));
        await world.Set(Videos[2], EventType.View, Day(2), 1, Cell.Plain(6));
        await world.Set(Videos[1], EventType.View, Day(5), 60, Cell.Nothing);
        await world.Set(Videos[3], EventType.View, Day(4), 9, Cell.One(0.5));
        foreach (var day in new[] { 14, 16 }) await world.Count(Videos[4], EventType.View, Day(day), 1439, Cell.Plain(day));
        world.Clock.SetUtcNow(RollupPlan.EndOf(Day(24)));
        await world.Checkpoint();
        return world;
    }

    /// <summary>Videos that do nothing when they are asked.</summary>
    private sealed class NeverSettles : ISettleVideos
    {
        public Task Settle(VideoId video, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>Segments that are read otherwise than they were written.</summary>
    private sealed class Forgets : MemorySegmentStore
    {
        public Func<SegmentDay, SegmentDay?> Reads { get; set; } = day => day;

        public override async IAsyncEnumerable<SegmentDay> Read(Segment segment, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var day in base.Read(segment, cancellationToken))
                if (Reads(day) is { } read) yield return read;
        }
    }
}
