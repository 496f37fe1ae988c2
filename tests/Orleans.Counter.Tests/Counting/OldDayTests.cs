using CsCheck;
using Orleans.Counter.Counting;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Counting;

/// <summary>Days that no event changes any more: corrections, imports and removals set them whole, wherever rollup has put them meanwhile.</summary>
public sealed class OldDayTests
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly EventType Watch = EventType.Parse("watch_seconds");
    private static readonly DateTimeOffset Now = Minute.Of(DateTimeOffset.UtcNow).Start;
    private static readonly Minute Old = Minute.Of(new DateTimeOffset(Now.Date, TimeSpan.Zero).AddDays(-400).AddHours(10));
    private static readonly DateOnly OldDay = TableLayout.DayOf(Old.Hour);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_correction_of_an_old_day_is_in_its_row_its_month_and_the_total_and_opens_nothing()
    {
        await using var cluster = await CounterCluster.Start();
        var corrected = await Correct(cluster, "c", Old, 5, sum: 12.5);

        Assert.Equal(new(CorrectionOutcome.Done, new(5, 12.5, 2.5, 2.5), new(5, 12.5, 2.5, 2.5)), corrected);
        Assert.Equal(new(5, 12.5, 2.5, 2.5), Assert.Single(await Truth(cluster)).Value);
        var row = Assert.Single(cluster.Store.Videos);
        Assert.Equal((0, Old.Hour, Old, 1), (row.Open.Count, row.SettledThrough!.Value, row.First!.Value, row.Revision));
        Assert.True((await cluster.Store.ReadDay(Kittens, EventType.View, OldDay, Cancelled))!.Row.IsChanged);
        Assert.Equal([OldDay], cluster.Store.ChangedDays(Shard.Of(Kittens)));
        Assert.Equal(1, (await Video(cluster).Recent(EventType.View, Cancelled)).Revision);
    }

    [Fact]
    public async Task A_day_that_has_left_the_table_is_changed_from_what_its_segment_holds()
    {
        await using var cluster = await CounterCluster.Start();
        await Correct(cluster, "c1", Old, 5);
        await Correct(cluster, "c2", After(Old, 700), 3);
        await Archive(cluster);
        Assert.Empty(cluster.Store.Days);

        await Correct(cluster, "c3", Old, -2);
        await Correct(cluster, "c4", After(Old, 1), 7);

        Assert.Equal([(Old, 3), (After(Old, 1), 7), (After(Old, 700), 3)], Counts(await Truth(cluster)));
        await Archive(cluster);
        Assert.Equal([(Old, 3), (After(Old, 1), 7), (After(Old, 700), 3)], Counts(await Truth(cluster)));
        Assert.Equal(CorrectionOutcome.TooMuch, (await Correct(cluster, "c5", Old, -4)).Outcome);
        Assert.Empty(cluster.Store.Days); // A refusal writes nothing.
    }

    [Fact]
    public async Task A_segment_that_does_not_hold_what_the_month_says_is_changed_by_nobody()
    {
        await using var cluster = await CounterCluster.Start(segments: new LosesDays());
        await Correct(cluster, "c1", Old, 5);
        await Archive(cluster);

        var failure = await Assert.ThrowsAsync<InvalidDataException>(async () => await Correct(cluster, "c2", Old, 1));

        Assert.Contains("5 in the month row", failure.Message, StringComparison.Ordinal);
        Assert.Empty(cluster.Store.Days);
        Assert.Equal(5, cluster.Store.Videos.Single().Totals.Single().Total.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_correction_whose_commit_fails_or_whose_answer_is_lost_is_inside_once_when_it_is_made_again(bool isInside)
    {
        var store = new FailsOnce(commit => commit.Whole is not null) { Commits = isInside };
        await using var cluster = await CounterCluster.Start(store);

        await Assert.ThrowsAnyAsync<Exception>(async () => await Correct(cluster, "c", Old, 5));
        Assert.Equal(isInside ? [(Old, 5)] : [], Counts(await Truth(cluster)));

        for (var again = 0; again < 2; again++) Assert.Equal(5, (await Correct(cluster, "c", Old, 5)).Total.Count);
        Assert.Equal([(Old, 5)], Counts(await Truth(cluster)));
    }

    [Fact]
    public async Task An_activation_that_was_replaced_changes_no_old_day()
    {
        var (store, segments) = (new MemoryCountStore(), new MemorySegmentStore());
        await using var one = await CounterCluster.Start(store, segments: segments);
        await using var other = await CounterCluster.Start(store, one.Hub, segments: segments);
        await Correct(one, "c1", Old, 5);
        Assert.Equal(5, (await Correct(other, "c1", Old, 5)).Total.Count); // It knows the video as it stands.
        await Correct(one, "c2", Old, 1);

        await Assert.ThrowsAsync<StaleWriterException>(async () => await Correct(other, "c3", Old, 10));
        Assert.Equal([(Old, 6)], Counts(await Truth(one)));

        Assert.Equal(16, (await Correct(other, "c3", Old, 10)).Total.Count);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await Video(one).Import(EventType.View, [new(Old, Cell.Plain(1))], Cancelled));
        Assert.Equal(CorrectionOutcome.TooMuch, (await Correct(one, "c4", Old, -17)).Outcome);
        await Correct(other, "c5", Old, 1);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await Video(one).Remove(Cancelled));
        Assert.Equal([(Old, 17)], Counts(await Truth(one)));
    }

    [Fact]
    public async Task A_late_event_of_a_day_that_was_set_whole_is_added_to_what_it_holds()
    {
        var store = new Remembers();
        await using var cluster = await CounterCluster.Start(store, checkpointEvery: TimeSpan.FromMinutes(5));
        await Correct(cluster, "c", Old, 5);

        await Video(cluster).Apply(Position.Start, [new(Position.Of(0, 0), EventType.View, Old, Cell.Plain(2), 0)], Cancelled); // Its partition is weeks behind.
        Assert.Equal(8, (await Correct(cluster, "c2", Old, 1)).Minute.Count);

        var commit = store.Commits[^1];
        Assert.Equal((null, null), (commit.Whole, commit.Until)); // The log has just brought the hour: its day is not sealed, and not set whole.
        Assert.Equal([(Old, 8)], Counts(await Truth(cluster, seesMonths: false)));
        Assert.True(Assert.Single(cluster.Store.Days).IsChanged);
    }

    [Fact]
    public async Task A_correction_of_a_young_day_has_a_deadline_long_before_the_day_may_be_archived()
    {
        var store = new Remembers();
        await using var cluster = await CounterCluster.Start(store);
        var day = Now.AddDays(-3);

        await Correct(cluster, "c", Minute.Of(day), 5);
        await Correct(cluster, "d", Old, 5);

        Assert.Equal([new DateTimeOffset(day.Date, TimeSpan.Zero).AddDays(1 + 7).AddHours(12), null], store.Commits.Where(commit => commit.Correction is not null).Select(commit => commit.Until));
    }

    [Fact]
    public async Task A_correction_that_is_refused_or_made_already_leaves_no_hour_open()
    {
        await using var cluster = await CounterCluster.Start();
        var day = Minute.Of(Now.AddDays(-3));
        await Correct(cluster, "c", day, 5);
        await Video(cluster).Flush(Cancelled);
        Assert.Empty((await Video(cluster).Recent(EventType.View, Cancelled)).Open);

        Assert.Equal(CorrectionOutcome.TooMuch, (await Correct(cluster, "d", day, -6)).Outcome);
        Assert.Equal(5, (await Correct(cluster, "c", day, 5)).Minute.Count);

        Assert.Empty((await Video(cluster).Recent(EventType.View, Cancelled)).Open);
    }

    [Fact]
    public async Task A_removal_empties_old_days_wherever_they_are_and_takes_the_rows_of_young_ones_away()
    {
        await using var cluster = await CounterCluster.Start();
        await Fill(cluster);
        await Archive(cluster);
        await Correct(cluster, "again", After(Old, 3), 2);
        var young = Minute.Of(Now.AddDays(-3));
        cluster.Send(new Event(Kittens, young.Start));
        await cluster.Stored();
        cluster.Send(new Event(Kittens, Now));
        await cluster.Stored();

        Assert.True(await Video(cluster).Remove(Cancelled));

        Assert.Empty(await Truth(cluster));
        Assert.All(cluster.Store.Days, row => Assert.True(row.IsChanged && row.Hours.Count == 0));
        Assert.Null(await cluster.Store.ReadDay(Kittens, EventType.View, TableLayout.DayOf(young.Hour), Cancelled));
        await Archive(cluster);
        Assert.Empty(await Truth(cluster));
        Assert.Equal(0, cluster.Segments.Segments.Sum(segment => segment.Count));
        var row = Assert.Single(cluster.Store.Videos);
        Assert.Equal((0, 0, null), (row.Totals.Count, row.Imported!.Count, row.Removing));

        await Correct(cluster, "after", Old, 4);
        Assert.Equal([(Old, 4)], Counts(await Truth(cluster)));
    }

    [Fact]
    public async Task A_removal_that_breaks_off_anywhere_is_finished_by_the_next_activation()
    {
        for (var at = 0; ; at++)
        {
            var store = new FailsOnce(commit => commit.Row.Removed is not null, after: at) { Commits = at % 2 == 0 };
            await using var cluster = await CounterCluster.Start(store);
            await Fill(cluster);
            if (await Record.ExceptionAsync(async () => await Video(cluster).Remove(Cancelled)) is null)
            {
                Assert.InRange(at, 4, 10);
                return;
            }

            Assert.NotNull(await Video(cluster).Recent(EventType.View, Cancelled)); // It wakes up, and finishes it first.
            Assert.Empty(await Truth(cluster));
            Assert.Null(Assert.Single(cluster.Store.Videos).Removing);
        }
    }

    [Fact]
    public async Task A_removal_empties_a_day_that_somebody_with_another_clock_has_set_whole_already()
    {
        await using var cluster = await CounterCluster.Start();
        var young = Minute.Of(Now.AddDays(-3));
        var (day, hour) = (TableLayout.DayOf(young.Hour), new HourCells(EventType.View, young.Hour, [new((byte)young.OfHour, Cell.Plain(3))]));
        var row = new VideoRow(Kittens, Position.Start, Guid.NewGuid(), [new(EventType.View, Cell.Plain(3))], [], young.Hour, 0, young, young);
        await cluster.Store.CommitVideo(new(row, [], Whole: Storage.Rows.Whole(null, (null, EventType.View, day, [hour]))), null, Cancelled);

        await Video(cluster).Remove(Cancelled);

        Assert.Equal((true, 0), (Assert.Single(cluster.Store.Days).IsChanged, cluster.Store.Days[0].Hours.Count));
        Assert.Empty(Assert.Single(cluster.Store.Months).Days[day.Day]);
    }

    [Fact]
    public async Task An_import_sets_minutes_and_the_total_follows_and_the_same_again_writes_nothing()
    {
        var store = new Remembers();
        await using var cluster = await CounterCluster.Start(store);
        cluster.Send(new Event(Kittens, Now));
        await cluster.Stored();
        ImportedMinute[] minutes = [new(Old, Cell.Plain(5)), new(After(Old, 1), new(2, 7, 3, 4)), new(After(Old, 1440), Cell.Plain(1)), new(After(Old, 60 * 1440), Cell.Plain(2))];

        Assert.Equal(new(ImportOutcome.Done, 3, 0), await Video(cluster).Import(EventType.View, minutes, Cancelled));
        Assert.Equal([(Old, 5), (After(Old, 1), 2), (After(Old, 1440), 1), (After(Old, 60 * 1440), 2), (Minute.Of(Now), 1)], Counts(await Truth(cluster)));
        var row = Assert.Single(store.Videos);
        Assert.Equal((new(EventType.View, new(11, 16, 1, 4)), new(EventType.View, 10, 15)), (row.Totals.Single(), row.Imported!.Single()));
        Assert.Equal((Old, Minute.Of(Now), 2), (row.First!.Value, row.Last!.Value, row.Revision)); // Two months: two transactions.

        foreach (var asleep in new[] { false, true })
        {
            if (asleep) await cluster.Forget(Kittens);
            var (before, version) = (store.Commits.Count, (await store.ReadVideo(Kittens, Cancelled))!.Version);
            Assert.Equal(new(ImportOutcome.Done, 0, 3), await Video(cluster).Import(EventType.View, minutes, Cancelled));
            Assert.Equal((before, version), (store.Commits.Count, (await store.ReadVideo(Kittens, Cancelled))!.Version));
        }

        minutes[0] = new(Old, Cell.Nothing);
        minutes[2] = new(After(Old, 1440), Cell.Plain(9));
        Assert.Equal(new(ImportOutcome.Done, 2, 1), await Video(cluster).Import(EventType.View, minutes, Cancelled));
        Assert.Equal([(After(Old, 1), 2), (After(Old, 1440), 9), (After(Old, 60 * 1440), 2), (Minute.Of(Now), 1)], Counts(await Truth(cluster)));
        Assert.Equal(new(EventType.View, 13, 18), Assert.Single(store.Videos).Imported!.Single());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_smallest_and_the_largest_value_of_all_time_are_those_that_are_left_when_an_import_is_corrected(bool isArchived)
    {
        await using var cluster = await CounterCluster.Start();
        await Video(cluster).Import(Watch, [new(Old, new(2, 30, 10, 20))], Cancelled);
        await Video(cluster).Import(Watch, [new(After(Old, 40 * 1440), new(3, 5, -1, 7))], Cancelled);
        if (isArchived) await Archive(cluster);
        await Video(cluster).Import(Watch, [new(After(Old, 1440), new(1, 1_000_000, 1_000_000, 1_000_000))], Cancelled);
        cluster.Send(new Event(Kittens, Now, Watch.Value, Value: 15));
        await cluster.Stored();
        Assert.Equal((-1, 1_000_000), await Ends());

        await Video(cluster).Import(Watch, [new(After(Old, 1440), new(1, 1, 1, 1))], Cancelled);
        Assert.Equal((-1, 20), await Ends());
        await Video(cluster).Import(Watch, [new(Old, Cell.Nothing)], Cancelled);
        Assert.Equal((-1, 15), await Ends());
        await Video(cluster).Import(Watch, [new(After(Old, 40 * 1440), new(1, 2, 2, 2))], Cancelled);
        Assert.Equal((1, 15), await Ends());
        await Video(cluster).Import(Watch, [new(After(Old, 1440), Cell.Nothing), new(After(Old, 40 * 1440), Cell.Nothing)], Cancelled);
        Assert.Equal(Cell.One(15), (await Video(cluster).Recent(Watch, Cancelled)).Total);

        async Task<(double, double)> Ends() => (await Video(cluster).Recent(Watch, Cancelled)).Total is var total ? (total.Min, total.Max) : default;
    }

    [Fact]
    public async Task A_day_of_which_events_may_come_or_have_come_is_not_imported()
    {
        await using var cluster = await CounterCluster.Start();
        Assert.Equal(ImportOutcome.NotSealed, (await Video(cluster).Import(EventType.View, [new(Old, Cell.Plain(1)), new(Minute.Of(Now.AddDays(-7)), Cell.Plain(1))], Cancelled)).Outcome);
        await Video(cluster).Apply(Position.Start, [new(Position.Of(0, 0), EventType.View, Old, Cell.Plain(2), 0)], Cancelled);
        Assert.Equal(ImportOutcome.NotSealed, (await Video(cluster).Import(EventType.View, [new(After(Old, 90), Cell.Plain(1))], Cancelled)).Outcome);
        Assert.Empty(cluster.Store.Days);
    }

    [Fact]
    public async Task A_video_gets_no_33rd_type_by_an_import()
    {
        await using var cluster = await CounterCluster.Start();
        for (var type = 0; type < EventType.PerVideoMax; type++) Assert.Equal(ImportOutcome.Done, (await Video(cluster).Import(EventType.Parse($"t{type}"), [new(Old, Cell.Plain(1))], Cancelled)).Outcome);
        Assert.Equal(ImportOutcome.TooManyTypes, (await Video(cluster).Import(EventType.View, [new(Old, Cell.Plain(1))], Cancelled)).Outcome);
    }

    [Fact]
    public async Task Whatever_is_corrected_imported_removed_archived_or_broken_off_old_days_hold_what_was_said_last()
    {
        var (store, number) = (new Stormy(), 0);
        await using var cluster = await CounterCluster.Start(store);
        var steps = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 4], Gen.Int[0, 2], Gen.Int[1, 9], Gen.Bool).Array[1, 30];
        await Gen.Select(steps, Gen.Int[0, int.MaxValue]).SampleAsync(
            async (said, seed) =>
            {
                var (id, expected, ids) = (VideoId.Parse($"v{number++}"), new SortedDictionary<Minute, long>(), 0);
                var (video, archivist) = (cluster.Grains.GetGrain<IVideoGrain>(id.Value), new Archivist(store, cluster.Segments, Shard.Of(id), TableLayout.DayOf(Minute.Of(Now).Hour)));
                store.Begin(new(seed), archivist);
                foreach (var (what, day, minute, count, flag) in said)
                {
                    var at = After(Old, (day * 1440 * 17) + (minute * 400));
                    if (what < 4)
                    {
                        var correction = new Correction($"c{ids++}", id, EventType.View, at, what == 0 ? -count : count, what == 0 ? -count : count, "A test.", Now);
                        var isThere = expected.GetValueOrDefault(at) + correction.Count >= 0;
                        Assert.Equal(isThere, (await Until(() => video.Correct(correction, Cancelled))).Outcome is CorrectionOutcome.Done);
                        if (isThere) expected[at] = expected.GetValueOrDefault(at) + correction.Count;
                    }
                    else if (what < 7)
                    {
                        ImportedMinute[] minutes = [new(at, flag ? Cell.Plain(count) : Cell.Nothing), new(After(at, 1440), Cell.Plain(count + 1))];
                        await Until(() => video.Import(EventType.View, minutes, Cancelled));
                        foreach (var (imported, cell) in minutes) expected[imported] = cell.Count;
                    }
                    else if (what == 7 && flag)
                    {
                        await Until(() => video.Remove(Cancelled));
                        expected.Clear();
                    }
                    else if (what == 8) await cluster.Forget(id);
                    else await archivist.Step();
                }

                store.Rest();
                foreach (var isArchived in new[] { false, true })
                {
                    if (isArchived) await archivist.Finish();
                    Assert.Equal(expected.Where(one => one.Value > 0).Select(one => (one.Key, one.Value)), Counts(await Truth(cluster, id)));
                    Assert.Equal(expected.Values.Sum(), (await video.Recent(EventType.View, Cancelled)).Total.Count);
                }

                Assert.DoesNotContain(store.Days, row => row.Video == id);
            },
            iter: 200, threads: 1);
    }

    private static IVideoGrain Video(CounterCluster cluster) => cluster.Grains.GetGrain<IVideoGrain>(Kittens.Value);

    private static Minute After(Minute minute, int minutes) => new(minute.Number + minutes);

    private static async Task<Corrected> Correct(CounterCluster cluster, string id, Minute minute, long count, double? sum = null) =>
        await Video(cluster).Correct(new(id, Kittens, EventType.View, minute, count, sum ?? count, "A test.", Now), Cancelled);

    /// <summary>Days of two types, in three months, one of them of more days than fit a commit.</summary>
    private static async Task Fill(CounterCluster cluster)
    {
        var month = Minute.Of(new DateTimeOffset(TableLayout.MonthOf(OldDay.AddMonths(2)), TimeOnly.MinValue, TimeSpan.Zero));
        await Video(cluster).Import(EventType.View, [new(Old, Cell.Plain(1)), .. Enumerable.Range(0, 27).Select(day => new ImportedMinute(After(month, (day * 1440) + day), Cell.Plain(day + 1)))], Cancelled);
        await Video(cluster).Import(Watch, [new(After(Old, 31 * 1440), Cell.One(2))], Cancelled);
    }

    private static Task Archive(CounterCluster cluster) => new Archivist(cluster.Store, cluster.Segments, Shard.Of(Kittens), TableLayout.DayOf(Minute.Of(Now).Hour)).Finish();

    private static IEnumerable<(Minute, long)> Counts(IEnumerable<KeyValuePair<Minute, Cell>> minutes) => minutes.Select(minute => (minute.Key, minute.Value.Count));

    /// <summary>What every minute holds, of the place where its truth is: open hours, then day rows, then segments. Months have to say the same of days that are old, and so has the total.</summary>
    private static Task<SortedDictionary<Minute, Cell>> Truth(CounterCluster cluster, bool seesMonths = true) => Truth(cluster, Kittens, seesMonths);

    private static async Task<SortedDictionary<Minute, Cell>> Truth(CounterCluster cluster, VideoId id, bool seesMonths = true)
    {
        var (store, all) = (cluster.Store, new SortedDictionary<Minute, Cell>());
        if ((await store.ReadVideo(id, Cancelled))?.Row is not { } video) return all;
        foreach (var type in video.Totals.Select(total => total.Type).Append(Watch).Append(EventType.View).Distinct())
        {
            var minutes = new SortedDictionary<Minute, Cell>();
            var days = store.Days.Where(row => row.Video == id && row.Type == type).Select(row => row.Day)
                .Union(store.Months.Where(row => row.Video == id && row.Type == type).SelectMany(row => row.Days.Keys.Select(ofMonth => row.Month.AddDays(ofMonth - 1)))).ToList();
            foreach (var day in days)
            {
                var hours = (await store.ReadDay(id, type, day, Cancelled))?.Row.Hours ?? await cluster.Segments.ReadDay(id, type, day, Cancelled);
                var month = (await store.ReadMonth(id, type, TableLayout.MonthOf(day), Cancelled))?.Row.Days.GetValueOrDefault(day.Day);
                if (seesMonths && day <= OldDay.AddDays(100)) Assert.Equal(QuarterCell.Of(hours), month ?? []);
                foreach (var hour in hours.Where(hour => !video.Open.Any(open => open.Type == type && open.Hour == hour.Hour)))
                    foreach (var cell in hour.Cells) minutes.Add(hour.MinuteOf(cell), cell.Cell);
            }

            foreach (var hour in video.Open.Where(hour => hour.Type == type))
                foreach (var cell in hour.Cells) minutes.Add(hour.MinuteOf(cell), cell.Cell);
            Assert.Equal(minutes.Values.Sum(cell => cell.Count), video.Totals.FirstOrDefault(total => total.Type == type).Total.Count);
            foreach (var (minute, cell) in minutes) all[minute] = all.GetValueOrDefault(minute) + cell;
        }

        return all;
    }

    /// <summary>One commit of a kind fails, before it happens or after.</summary>
    private sealed class FailsOnce(Func<VideoCommit, bool> isMeant, int after = 0) : MemoryCountStore
    {
        private int _seen;

        public bool Commits { get; init; }

        public override async ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken)
        {
            if (!isMeant(commit) || Interlocked.Increment(ref _seen) != after + 1) return await base.CommitVideo(commit, version, cancellationToken);
            if (Commits) await base.CommitVideo(commit, version, cancellationToken);
            throw new InvalidOperationException("Refused.");
        }
    }

    private sealed class Remembers : MemoryCountStore
    {
        public List<VideoCommit> Commits { get; } = [];

        public override ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken)
        {
            lock (Commits) Commits.Add(commit);
            return base.CommitVideo(commit, version, cancellationToken);
        }
    }

    /// <summary>Segments that say that they hold nothing of any video.</summary>
    private sealed class LosesDays : MemorySegmentStore
    {
        public override ValueTask<IReadOnlyList<HourCells>> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken) => new((IReadOnlyList<HourCells>)[]);
    }

    /// <summary>Asks until there is an answer.</summary>
    private static async Task<T> Until<T>(Func<ValueTask<T>> ask)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (Exception failure) when (failure is StaleWriterException or IOException)
            {
            }
        }
    }

    /// <summary>Between any two requests the archivist may make one; a commit may fail, before it happens or after.</summary>
    private sealed class Stormy : MemoryCountStore
    {
        private Random? _random;
        private Archivist? _archivist;

        public void Begin(Random random, Archivist archivist) => (_random, _archivist) = (random, archivist);

        public void Rest() => _random = null;

        public override async ValueTask<Versioned<DayRow>?> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
        {
            await Blow();
            return await base.ReadDay(video, type, day, cancellationToken);
        }

        public override async ValueTask<Versioned<MonthRow>?> ReadMonth(VideoId video, EventType type, DateOnly month, CancellationToken cancellationToken)
        {
            await Blow();
            return await base.ReadMonth(video, type, month, cancellationToken);
        }

        public override async ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken)
        {
            await Blow();
            if (Chance(0.1)) throw new IOException("It did not happen.");
            var committed = await base.CommitVideo(commit, version, cancellationToken);
            if (Chance(0.1)) throw new IOException("It happened, and nobody heard of it.");
            return committed;
        }

        private async Task Blow()
        {
            while (Chance(0.5)) await _archivist!.Step();
        }

        private bool Chance(double probability) => _random?.NextDouble() < probability;
    }
}
