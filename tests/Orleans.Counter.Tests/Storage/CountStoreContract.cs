using CsCheck;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

/// <summary>What every store promises, asked of each of them in the same words.</summary>
public abstract class CountStoreContract
{
    private static readonly EventType Like = EventType.Parse("like");
    private static readonly EventType Watch = EventType.Parse("watch_seconds");
    private static readonly int Noon = new Minute(29_550_000).Hour;
    private static readonly DateOnly Today = TableLayout.DayOf(Noon);
    private static readonly DateOnly Month = TableLayout.MonthOf(Today);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_video_that_was_never_stored_has_no_row_and_no_day()
    {
        var store = await NewStore();

        Assert.Null(await store.ReadVideo(VideoId.Parse("kittens"), Token));
        Assert.Null(await store.ReadDay(VideoId.Parse("kittens"), EventType.View, Today, Token));
        Assert.Null(await store.ReadMonth(VideoId.Parse("kittens"), EventType.View, Month, Token));
    }

    [Fact]
    public async Task The_videos_of_a_shard_are_listed_in_order_a_thousand_at_a_time_at_most_and_each_once()
    {
        var store = await NewStore();
        VideoId[] videos = [.. Rows.VideosOf(new(9)).Take(1_050), .. Rows.VideosOf(new(9), "-").Take(3), .. Rows.VideosOf(new(9), "v1-").Take(3), .. Rows.VideosOf(new(9), "z_").Take(3)];
        await Task.WhenAll(videos.Append(Rows.VideosOf(new(10)).First()).Select(video => store.CommitVideo(
            Rows.Of(video.Value, 1) with { Metadata = new(null, "cats") }, null, [Rows.Hour(EventType.View, Noon, 1)], Token).AsTask()));

        List<VideoId> listed = [];
        for (VideoId? last = null; await store.ReadVideos(new(9), last, Token) is { Count: > 0 } some; last = some[^1])
        {
            Assert.InRange(some.Count, 1, 1_000);
            listed.AddRange(some);
        }

        Assert.Equal(videos.Order(Comparer<VideoId>.Create((one, other) => string.CompareOrdinal(one.Value, other.Value))), listed);
        Assert.Empty(await store.ReadVideos(new(11), null, Token));
    }

    [Fact]
    public async Task A_row_comes_back_as_it_was_committed()
    {
        var store = await NewStore();
        var (number, versions) = (0, new HashSet<RowVersion>());

        await Gens.Row.SampleAsync(
            async some =>
            {
                var row = some with { Video = VideoId.Parse($"video-{number++}") };
                var version = await store.CommitVideo(row, null, [], Token);
                var stands = await store.ReadVideo(row.Video, Token);
                Assert.Equal(row.Text(), stands!.Row.Text());
                Assert.Equal(version, stands.Version);
                Assert.True(versions.Add(version));
            },
            iter: 40, threads: 1);
    }

    [Fact]
    public async Task Top_lists_come_back_as_they_were_written_with_a_checkpoint_and_stay_until_others_are()
    {
        var store = await NewStore();
        var (shard, time) = (new Shard(0x3c), new DateTimeOffset(2026, 11, 23, 10, 5, 0, TimeSpan.Zero));
        ShardRow Row(long sequenceNumber) => new(Position.Of(0, sequenceNumber), time, 3, default);
        TopList[] lists =
        [
            new(EventType.View, new(WindowLength.Hour, 495_868), [new(VideoId.Parse("kittens"), long.MaxValue), new(VideoId.Parse("-_-"), 1)]), new(Watch, new(WindowLength.Week, 2_951), [new(VideoId.Parse(new('v', 64)), 7)]),
            new(Watch, new(WindowLength.Day, 20_661), []),
        ];
        Assert.Empty(await store.ReadTops(shard, Token));

        var one = await store.WriteShard(shard, Row(1), lists, null, Token);
        var two = await store.WriteShard(shard, Row(2), null, one, Token);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.WriteShard(shard, Row(3), [], one, Token));

        Assert.Equal(lists.Select(Text).Order(StringComparer.Ordinal), (await store.ReadTops(shard, Token)).Select(Text).Order(StringComparer.Ordinal));
        Assert.Equal(new(Row(2), two), await store.ReadShard(shard, Token));
        Assert.Empty(await store.ReadTops(new(0x3d), Token));
        var three = await store.WriteShard(shard, Row(3), [.. lists.Take(1)], two, Token);
        Assert.Equal([Text(lists[0])], (await store.ReadTops(shard, Token)).Select(Text));
        Assert.Equal(three, (await store.ReadShard(shard, Token))!.Version);

        static string Text(TopList list) => $"{list.Type} {list.Window} {string.Join(' ', list.Videos)}";
    }

    [Fact]
    public async Task A_channel_lists_the_videos_that_were_given_to_it_and_not_taken_away_again()
    {
        var store = await NewStore();
        VideoId[] videos = [.. Rows.VideosOf(new(7)).Take(3)];
        foreach (var video in videos) await store.CommitVideo(Given(video, 1, null, "cats"), null, Token);
        var before = await store.ReadVideo(videos[1], Token);

        await store.CommitVideo(Given(videos[1], 2, "cats", "cats_2"), before!.Version, Token);

        Assert.Equal([videos[0], videos[2]], await store.ReadChannel(new(7), "cats", Token));
        Assert.Equal([videos[1]], await store.ReadChannel(new(7), "cats_2", Token));
        Assert.Empty(await store.ReadChannel(new(7), "cat", Token));
        Assert.Empty(await store.ReadChannel(new(8), "cats", Token));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.CommitVideo(Given(videos[1], 3, "cats_2", "cats"), before.Version, Token));
        Assert.Equal([videos[0], videos[2]], await store.ReadChannel(new(7), "cats", Token));
    }

    [Fact]
    public async Task A_correction_comes_back_as_it_was_made_and_is_part_of_the_sum()
    {
        var store = await NewStore();
        var video = VideoId.Parse("kittens");
        var made = new Correction("fraud-1", video, Watch, new(29_550_000), -7, -12.25, "Bots: 'a' & <b> \u263a", new(2026, 11, 23, 10, 5, 7, 123, TimeSpan.Zero));
        Assert.Null(await store.ReadCorrection(video, made.Id, Token));

        var row = Rows.Of("kittens", 1) with { Adjusted = [new(Watch, -7, -12.25)], Removed = made.At };
        var one = await store.CommitVideo(new(row, [], Correction: made), null, Token);
        await store.CommitVideo(new(Rows.Of("kittens", 2), [], Correction: made with { Id = "fraud-2", Count = 3 }), one, Token);

        Assert.Equal(made, await store.ReadCorrection(video, "fraud-1", Token));
        Assert.Equal([made, made with { Id = "fraud-2", Count = 3 }], (await store.ReadCorrections(video, new(made.Minute, new(made.Minute.Number + 1)), Token)).OrderBy(correction => correction.Id, StringComparer.Ordinal));
        Assert.Empty(await store.ReadCorrections(video, new(new(made.Minute.Number - 9), made.Minute), Token));
        Assert.Equal(-4, await store.SumCorrections(Shard.Of(video), Token));
        Assert.Equal(0, await store.SumCorrections(new(Shard.Of(video).Number ^ 1), Token));
    }

    [Fact]
    public async Task What_was_imported_is_summed_over_the_videos_of_a_shard()
    {
        var store = await NewStore();
        VideoId[] videos = [.. Rows.VideosOf(new(0x3b)).Take(4)];
        await store.CommitVideo(Rows.Of(videos[0].Value, 1), null, [], Token);
        await store.CommitVideo(Rows.Of(videos[1].Value, 1) with { Imported = [new(Like, 7, 7), new(Watch, 5, 0.5)] }, null, [], Token);
        await store.CommitVideo(Rows.Of(videos[2].Value, 1) with { Imported = [new(Like, -2, -2)] }, null, [], Token);
        await store.CommitVideo(Rows.Of(videos[3].Value, 1) with { Imported = [new(Like, 2, 2), new(Watch, -2, -2)] }, null, [], Token);

        Assert.Equal(10, await store.SumImported(new(0x3b), Token));
        Assert.Equal(0, await store.SumImported(new(0x3a), Token));
    }

    [Fact]
    public async Task Adjustments_and_an_unfinished_removal_come_back_with_their_row()
    {
        var store = await NewStore();
        var row = Rows.Of("kittens", 1, new TypeTotal(Like, Cell.Plain(4))) with
        {
            Adjusted = [new(Like, -2, -2), new(Watch, 9, 0.5)],
            Removed = new(2026, 11, 23, 10, 5, 7, TimeSpan.Zero),
            Removing = new([Like, Watch], Today.AddDays(-3), Today),
        };

        await store.CommitVideo(new(row, []), null, Token);
        var stands = (await store.ReadVideo(row.Video, Token))!.Row;

        Assert.Equal(row.Adjusted, stands.Adjusted);
        Assert.Equal((row.Removed, row.Removing.First, row.Removing.Last), (stands.Removed, stands.Removing!.First, stands.Removing.Last));
        Assert.Equal(row.Removing.Types, stands.Removing.Types);
        Assert.Equal(row.Totals, stands.Totals);
    }

    [Fact]
    public async Task Day_rows_are_found_and_removed_with_a_commit_or_not_at_all()
    {
        var store = await NewStore();
        var (tomorrow, video) = (Today.AddDays(1), VideoId.Parse("kittens"));
        var one = await store.CommitVideo(Rows.Of("kittens", 1), null, [Rows.Hour(Like, Noon, 1), Rows.Hour(Watch, Noon, 2), Rows.Hour(Like, Noon + 24, 3), Rows.Hour(Like, Noon + 72, 4)], Token);

        var found = await store.FindDays(video, new([Like, EventType.View], Today.AddDays(-1), tomorrow), Token);
        Assert.Equal([(Like, Today), (Like, tomorrow)], found.Select(day => (day.Row.Type, day.Row.Day)).OrderBy(day => day.Day));
        Assert.Equal((await store.ReadDay(video, Like, Today, Token))!.Version, found.Single(day => day.Row.Day == Today).Version);
        await store.CommitVideo(new(Rows.Of("kittens", 2), [], Removed: [.. found.Select(day => (day.Row.Type, day.Row.Day))]), one, Token);

        Assert.Null(await store.ReadDay(video, Like, Today, Token));
        Assert.Single(await Day(store, video, Watch, Today));
        Assert.Single(await Day(store, video, Like, Today.AddDays(3)));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.CommitVideo(new(Rows.Of("kittens", 3), [], Removed: [(Watch, Today)]), one, Token));
        Assert.Single(await Day(store, video, Watch, Today));
    }

    [Fact]
    public async Task A_day_that_is_set_whole_holds_nothing_of_what_it_held_before_and_its_month_says_the_same()
    {
        var (store, video) = (await NewStore(), VideoId.Parse("kittens"));
        var midnight = TableLayout.FirstHourOf(Today);
        var one = await store.CommitVideo(Rows.Of("kittens", 1), null, [Rows.Hour(Watch, midnight, 1), Rows.Hour(Watch, midnight + 23, 2), Rows.Hour(Like, midnight, 3)], Token);
        var before = (await store.ReadDay(video, Watch, Today, Token))!;
        Assert.False(before.Row.IsChanged);

        var two = await store.CommitVideo(new(Rows.Of("kittens", 2), [], Whole: Rows.Whole(null, (before.Version, Watch, Today, [Rows.Hour(Watch, midnight + 5, 7, 8)]))), one, Token);

        var after = (await store.ReadDay(video, Watch, Today, Token))!;
        Assert.True(after.Row.IsChanged);
        Assert.Equal([Rows.Hour(Watch, midnight + 5, 7, 8).Text()], after.Row.Hours.Select(Gens.Text));
        Assert.Equal([Rows.Hour(Like, midnight, 3).Text()], await Day(store, video, Like, Today));
        var month = (await store.ReadMonth(video, Watch, Month, Token))!;
        Assert.Equal([Today.Day], month.Row.Days.Keys);
        Assert.Equal([new QuarterCell(20, Cell.Plain(15))], month.Row.Days[Today.Day]);

        var other = Today.AddDays(-1);
        await store.CommitVideo(new(Rows.Of("kittens", 3), [], Whole: Rows.Whole(month, (after.Version, Watch, Today, []), (null, Watch, other, [Rows.Hour(Watch, midnight - 1, 9)]))), two, Token);
        after = (await store.ReadDay(video, Watch, Today, Token))!;
        Assert.Equal((true, 0), (after.Row.IsChanged, after.Row.Hours.Count));
        Assert.Equal([Rows.Hour(Watch, midnight - 1, 9).Text()], await Day(store, video, Watch, other));
        month = (await store.ReadMonth(video, Watch, Month, Token))!;
        Assert.Equal(("", "QuarterCell { OfDay = 92, Cell = " + Cell.Plain(9) + " }"), (Text(Today), Text(other)));
        Assert.Null(await store.ReadMonth(video, Like, Month, Token));
        Assert.Null(await store.ReadMonth(video, Watch, Month.AddMonths(1), Token));

        string Text(DateOnly day) => string.Join(' ', month.Row.Days.GetValueOrDefault(day.Day, []));
    }

    [Fact]
    public async Task An_hour_that_settles_into_a_day_that_was_set_whole_leaves_it_whole_and_changed()
    {
        var (store, video) = (await NewStore(), VideoId.Parse("kittens"));
        var one = await store.CommitVideo(new(Rows.Of("kittens", 1), [], Whole: Rows.Whole(null, (null, Watch, Today, [Rows.Hour(Watch, Noon, 7), Rows.Hour(Watch, Noon + 1, 8)]))), null, Token);

        await store.CommitVideo(Rows.Of("kittens", 2), one, [Rows.Hour(Watch, Noon, 9)], Token);

        var stands = (await store.ReadDay(video, Watch, Today, Token))!.Row;
        Assert.True(stands.IsChanged);
        Assert.Equal([Rows.Hour(Watch, Noon, 9).Text(), Rows.Hour(Watch, Noon + 1, 8).Text()], stands.Hours.Select(Gens.Text));
    }

    [Theory]
    [InlineData("day", "was not there")]
    [InlineData("day", "was another one")]
    [InlineData("day", "is gone")]
    [InlineData("month", "was not there")]
    [InlineData("month", "was another one")]
    [InlineData("month", "is gone")]
    public async Task A_day_that_is_not_as_it_was_read_spoils_its_own_commit_alone(string row, string what)
    {
        var store = await NewStore();
        var elsewhere = await store.CommitVideo(Rows.Of("kittens", 1), null, [], Token);
        VideoId[] videos = [.. Rows.VideosOf(new(0x4d)).Take(8)];
        var versions = await Task.WhenAll(videos.Select(video => store.CommitVideo(
            new(Rows.Of(video.Value, 1), [], Whole: Rows.Whole(video, null, (null, Watch, Today, [Rows.Hour(Watch, Noon, 1)]))), null, Token).AsTask()));
        var commits = await Task.WhenAll(videos.Select(async video => Rows.Whole(
            video, await store.ReadMonth(video, Watch, Month, Token), ((await store.ReadDay(video, Watch, Today, Token))!.Version, Watch, Today, [Rows.Hour(Watch, Noon, 5)]))));
        RowVersion? another = what switch { "was not there" => null, "was another one" => elsewhere, _ => commits[3].Days[0].Version };
        if (what is "is gone" && row is "day") versions[3] = await store.CommitVideo(new(Rows.Of(videos[3].Value, 1), [], Removed: [(Watch, Today)]), versions[3], Token);
        commits[3] = (row, what) switch
        {
            ("day", _) => commits[3] with { Days = [(commits[3].Days[0].Row, another)] },
            ("month", "is gone") => Rows.Whole(videos[3], null, (null, Like, Today, [Rows.Hour(Like, Noon, 5)])) with { MonthVersion = another },
            _ => commits[3] with { MonthVersion = another },
        };

        var failures = await Task.WhenAll(videos.Select((video, i) => Record.ExceptionAsync(async () => await store.CommitVideo(
            new(Rows.Of(video.Value, 2), [], Whole: commits[i]), versions[i], Token)).AsTask()));

        for (var i = 0; i < videos.Length; i++)
        {
            var (stands, month) = ((await store.ReadVideo(videos[i], Token))!.Row.Position.Value, (await store.ReadMonth(videos[i], Watch, Month, Token))!.Row.Total.Count);
            if (i != 3) Assert.Equal((null, 2, 5), (failures[i], stands, month));
            else Assert.Equal((typeof(StaleWriterException), 1, 1), (failures[i]?.GetType(), stands, month));
        }

        Assert.Empty(await Day(store, videos[3], Like, Today));
        Assert.DoesNotContain(Rows.Hour(Watch, Noon, 5).Text(), await Day(store, videos[3], Watch, Today));
    }

    [Fact]
    public async Task Many_videos_of_a_shard_set_the_same_days_whole_at_once()
    {
        var store = await NewStore();
        VideoId[] videos = [.. Rows.VideosOf(new(0x4d)).Take(60)];
        DateOnly[] days = [.. Enumerable.Range(0, 20).Select(day => Month.AddDays(day))];

        await Task.WhenAll(videos.Select((video, i) => store.CommitVideo(
            new(Rows.Of(video.Value, 1), [], Whole: Rows.Whole(video, null, [.. days.Select(day => ((RowVersion?)null, Watch, day, (IReadOnlyList<HourCells>)[Rows.Hour(Watch, TableLayout.FirstHourOf(day), i + 1)]))])), null, Token).AsTask()));

        for (var i = 0; i < videos.Length; i++)
        {
            Assert.Equal((i + 1) * days.Length, (await store.ReadMonth(videos[i], Watch, Month, Token))!.Row.Total.Count);
            Assert.Equal([Rows.Hour(Watch, TableLayout.FirstHourOf(days[^1]), i + 1).Text()], await Day(store, videos[i], Watch, days[^1]));
        }
    }

    [Fact]
    public async Task A_month_of_days_in_which_every_minute_has_values_fits()
    {
        var (store, video) = (await NewStore(), VideoId.Parse("kittens"));
        var day = new DateOnly(2026, 10, 1);
        HourCells[] hours = [.. Enumerable.Range(0, 31 * 24).Select(hour => new HourCells(
            Watch, TableLayout.FirstHourOf(day) + hour, [.. Enumerable.Range(0, 60).Select(minute => new MinuteCell((byte)minute, new(1_000_000 + minute, hour / 7d, -minute - 0.1, minute + 0.3)))]))];
        var whole = hours.GroupBy(hour => TableLayout.DayOf(hour.Hour)).Select(one => ((RowVersion?)null, Watch, one.Key, (IReadOnlyList<HourCells>)[.. one])).ToArray();

        var one = await store.CommitVideo(new(Rows.Of("kittens", 1), [], Whole: Rows.Whole(null, whole[..TableLayout.WholeDaysMax])), null, Token);
        await store.CommitVideo(new(Rows.Of("kittens", 2), [], Whole: Rows.Whole(await store.ReadMonth(video, Watch, day, Token), whole[TableLayout.WholeDaysMax..])), one, Token);

        foreach (var (_, _, settled, expected) in whole) Assert.Equal(expected.Select(Gens.Text), await Day(store, video, Watch, settled));
        var month = (await store.ReadMonth(video, Watch, day, Token))!.Row;
        Assert.Equal(31 * 96, month.Days.Values.Sum(quarters => quarters.Count));
        Assert.Equal(QuarterCell.Of(whole[30].Item4), month.Days[31]);
    }

    [Fact]
    public async Task What_comes_too_late_does_not_happen()
    {
        var store = await NewStore();
        var one = await store.CommitVideo(new(Rows.Of("kittens", 1), [], Until: DateTimeOffset.UtcNow.AddHours(1)), null, Token);

        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.CommitVideo(
            new(Rows.Of("kittens", 2), [Rows.Hour(Watch, Noon, 1)], Until: DateTimeOffset.UtcNow.AddHours(-1)), one, Token));

        Assert.Equal((1, one), (await store.ReadVideo(VideoId.Parse("kittens"), Token) is { } stands ? (stands.Row.Position.Value, stands.Version) : default));
        Assert.Null(await store.ReadDay(VideoId.Parse("kittens"), Watch, Today, Token));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(-0.5)]
    [InlineData(1e-300)]
    [InlineData(123_456_789_012_345_678d)]
    [InlineData(double.MaxValue)]
    [InlineData(double.MinValue)]
    public async Task Values_of_any_size_come_back_to_the_last_bit(double value)
    {
        var store = await NewStore();
        var cell = Cell.One(value);
        var row = Rows.Of("kittens", 1, new TypeTotal(Watch, cell)) with { Open = [new(Watch, Noon, [new(59, cell)])] };

        await store.CommitVideo(row, null, [new(Watch, Noon - 1, [new(0, cell)])], Token);

        Assert.Equal(row.Text(), (await store.ReadVideo(row.Video, Token))!.Row.Text());
        Assert.Equal(cell, Assert.Single(Assert.Single((await store.ReadDay(row.Video, Watch, Today, Token))!.Row.Hours).Cells).Cell);
    }

    [Fact]
    public async Task A_commit_replaces_the_whole_row_and_changes_its_version()
    {
        var store = await NewStore();
        var first = Rows.Of("kittens", 1, new(EventType.View, Cell.Plain(3)), new(Like, Cell.Plain(1))) with
        {
            Open = [Rows.Hour(EventType.View, Noon, 3)],
            SettledThrough = Noon - 1,
            Duplicates = 5,
        };
        var second = Rows.Of("kittens", 2, new TypeTotal(EventType.View, Cell.Plain(4)));

        var one = await store.CommitVideo(first, null, [], Token);
        var two = await store.CommitVideo(second, one, [], Token);

        Assert.NotEqual(one, two);
        Assert.Equal((second.Text(), two), await Stands(store, second.Video));
    }

    [Fact]
    public async Task A_commit_with_a_stale_version_is_refused_and_changes_nothing()
    {
        var store = await NewStore();
        var settled = Rows.Hour(EventType.View, Noon, 3);
        var one = await store.CommitVideo(Rows.Of("kittens", 1), null, [], Token);
        var row = Rows.Of("kittens", 2);
        var two = await store.CommitVideo(row, one, [settled], Token);

        HourCells[] hours = [Rows.Hour(EventType.View, Noon, 9), Rows.Hour(Like, Noon, 9)];
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.CommitVideo(Rows.Of("kittens", 3), one, hours, Token));

        Assert.Equal((row.Text(), two), await Stands(store, row.Video));
        Assert.Equal([settled.Text()], await Day(store, row.Video, EventType.View, Today));
        Assert.Empty(await Day(store, row.Video, Like, Today));
    }

    [Fact]
    public async Task A_first_commit_is_refused_when_a_row_stands()
    {
        var store = await NewStore();
        var row = Rows.Of("kittens", 1);
        var version = await store.CommitVideo(row, null, [], Token);

        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.CommitVideo(Rows.Of("kittens", 2), null, [], Token));

        Assert.Equal((row.Text(), version), await Stands(store, row.Video));
    }

    [Fact]
    public async Task A_commit_of_a_row_that_is_gone_is_refused()
    {
        var store = await NewStore();
        var elsewhere = await store.CommitVideo(Rows.Of("puppies", 1), null, [], Token);

        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.CommitVideo(Rows.Of("kittens", 2), elsewhere, [], Token));

        Assert.Null(await store.ReadVideo(VideoId.Parse("kittens"), Token));
    }

    [Fact]
    public async Task Of_two_commits_on_the_same_version_at_once_one_is_stored_and_the_other_refused()
    {
        var store = await NewStore();
        var version = await store.CommitVideo(Rows.Of("kittens", 1), null, [], Token);
        var rows = Enumerable.Range(2, 8).Select(position => Rows.Of("kittens", position)).ToList();

        var commits = rows.Select(row => (Row: row, Commit: Commit(row))).ToList();
        var refused = 0;
        foreach (var (_, commit) in commits)
            if (await Record.ExceptionAsync(() => commit) is { } failure)
            {
                Assert.IsType<StaleWriterException>(failure);
                refused++;
            }

        Assert.Equal(7, refused);
        var (stored, itsVersion) = await Stands(store, VideoId.Parse("kittens"));
        var winner = Assert.Single(commits, commit => commit.Commit.IsCompletedSuccessfully);
        Assert.Equal((winner.Row.Text(), await winner.Commit), (stored, itsVersion));

        async Task<RowVersion> Commit(VideoRow row) => await store.CommitVideo(row, version, [], Token);
    }

    [Fact]
    public async Task Settled_hours_are_set_whole_and_stand_beside_the_other_hours_of_their_day()
    {
        var store = await NewStore();
        var (midnight, kittens) = (TableLayout.FirstHourOf(Today), VideoId.Parse("kittens"));
        HourCells first = Rows.Hour(EventType.View, midnight, 1, 2, 3), last = Rows.Hour(EventType.View, midnight + 23, 4), like = Rows.Hour(Like, midnight, 5);
        HourCells tomorrow = Rows.Hour(EventType.View, midnight + 24, 6), again = Rows.Hour(EventType.View, midnight, 0, 7);

        var one = await store.CommitVideo(Rows.Of("kittens", 1), null, [first, like], Token);
        var two = await store.CommitVideo(Rows.Of("kittens", 2), one, [last, tomorrow], Token);
        Assert.Equal([first.Text(), last.Text()], await Day(store, kittens, EventType.View, Today));

        await store.CommitVideo(Rows.Of("kittens", 3), two, [again], Token);
        Assert.Equal([again.Text(), last.Text()], await Day(store, kittens, EventType.View, Today));
        Assert.Equal([like.Text()], await Day(store, kittens, Like, Today));
        Assert.Equal([tomorrow.Text()], await Day(store, kittens, EventType.View, Today.AddDays(1)));
        Assert.Empty(await Day(store, kittens, EventType.View, Today.AddDays(-1)));
    }

    [Fact]
    public async Task A_commit_settles_as_many_days_as_the_bound_allows()
    {
        var store = await NewStore();
        var hours = Enumerable.Range(0, TableLayout.SettledDaysMax * 24).Select(hour => Rows.Hour(EventType.View, hour, hour / 24, hour + 1)).ToList();

        await store.CommitVideo(Rows.Of("kittens", 1), null, hours, Token);

        for (var day = 0; day < TableLayout.SettledDaysMax; day++)
        {
            var settled = await Day(store, VideoId.Parse("kittens"), EventType.View, TableLayout.DayOf(day * 24));
            Assert.Equal(hours.Skip(day * 24).Take(24).Select(Gens.Text), settled);
        }
    }

    [Fact]
    public async Task Of_many_commits_of_one_shard_at_once_the_stale_ones_alone_are_refused()
    {
        var store = await NewStore();
        var videos = Rows.VideosOf(new Shard(0x2a)).Take(200).ToList();
        var versions = await Task.WhenAll(videos.Select((video, i) => i % 3 == 0 ? Task.FromResult<RowVersion?>(null) : Stored(Rows.Of(video.Value, 1))));
        var stale = Enumerable.Range(0, videos.Count).Where(i => i % 7 == 3).ToHashSet();
        var before = await Task.WhenAll(stale.Select(async i => (i, Version: await store.CommitVideo(Rows.Of(videos[i].Value, 2), versions[i], [], Token))));

        var rows = videos.Select(video => Rows.Of(video.Value, 3, new TypeTotal(EventType.View, Cell.Plain(1)))).ToList();
        var outcomes = await Task.WhenAll(rows.Select((row, i) => Record.ExceptionAsync(async () =>
        {
            HourCells[] settled = i % 5 == 0 ? [Rows.Hour(EventType.View, Noon, i + 1), Rows.Hour(Like, Noon + 24, i + 1)] : [];
            await store.CommitVideo(row, versions[i], settled, Token);
        }).AsTask()));

        for (var i = 0; i < videos.Count; i++)
        {
            var stands = (await store.ReadVideo(videos[i], Token))!;
            if (stale.Contains(i))
            {
                Assert.IsType<StaleWriterException>(outcomes[i]);
                Assert.Equal((2, before.Single(one => one.i == i).Version), (stands.Row.Position.Value, stands.Version));
            }
            else
            {
                Assert.Null(outcomes[i]);
                Assert.Equal(rows[i].Text(), stands.Row.Text());
            }

            Assert.Equal(i % 5 == 0 && !stale.Contains(i), (await Day(store, videos[i], Like, Today.AddDays(1))).Any());
        }

        async Task<RowVersion?> Stored(VideoRow row) => await store.CommitVideo(row, null, [], Token);
    }

    [Fact]
    public async Task The_longest_ids_and_types_fit_and_as_many_types_as_a_video_may_have()
    {
        var store = await NewStore();
        var types = Enumerable.Range(10, EventType.PerVideoMax).Select(number => EventType.Parse(new string('z', EventType.LengthMax - 2) + number)).ToList();
        var largest = new Cell(long.MaxValue, double.MaxValue, double.MinValue, double.MaxValue);
        var row = Rows.Of(new string('-', VideoId.LengthMax), 1, [.. types.Select(type => new TypeTotal(type, largest))]) with
        {
            Open = [.. types.Select(type => Rows.Hour(type, Noon, 1))],
        };

        await store.CommitVideo(row, null, [.. types.Select((type, i) => Rows.Hour(type, Noon, i))], Token);

        Assert.Equal(row.Text(), (await store.ReadVideo(row.Video, Token))!.Row.Text());
        Assert.Equal([Rows.Hour(types[^1], Noon, types.Count - 1).Text()], await Day(store, row.Video, types[^1], Today));
    }

    [Fact]
    public async Task A_row_with_hundreds_of_kilobytes_of_open_minutes_fits_and_so_do_many_of_them_at_once()
    {
        var store = await NewStore();
        var cells = Enumerable.Range(0, 60).Select(minute => new MinuteCell((byte)minute, new(1000 + minute, minute / 7d, -minute, minute))).ToList();
        var open = Enumerable.Range(0, 190).Select(hour => new HourCells(Watch, Noon + hour, cells)).ToList();
        Assert.InRange(CellPack.PackOpen(open).Length, 300_000, 330_000);
        var rows = Rows.VideosOf(new Shard(7)).Take(12).Select(video => Rows.Of(video.Value, 1) with { Open = open }).ToList();

        await Task.WhenAll(rows.Select(row => store.CommitVideo(row, null, [], Token).AsTask()));

        foreach (var row in rows) Assert.Equal(row.Text(), (await store.ReadVideo(row.Video, Token))!.Row.Text());
    }

    [Fact]
    public async Task A_checkpoint_comes_back_as_it_was_written_and_only_its_last_reader_may_change_it()
    {
        var store = await NewStore();
        var (shard, other) = (new Shard(255), new Shard(254));
        var time = new DateTimeOffset(2026, 11, 23, 10, 5, 0, TimeSpan.Zero).AddTicks(1_234_567);
        ShardRow first = new(Position.Of(0, 41), time, 3, default), second = new(Position.Of(1, 99), time.AddSeconds(1), 3, new(10, 7, 2, 1));

        Assert.Null(await store.ReadShard(shard, Token));
        var one = await store.WriteShard(shard, first, null, Token);
        Assert.Equal(new(first, one), await store.ReadShard(shard, Token));
        var two = await store.WriteShard(shard, second, one, Token);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.WriteShard(shard, first, one, Token));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.WriteShard(shard, first, null, Token));

        Assert.Equal(new(second, two), await store.ReadShard(shard, Token));
        Assert.Null(await store.ReadShard(other, Token));
    }

    [Fact]
    public async Task The_first_to_say_which_log_it_is_has_said_it_for_all()
    {
        var store = await NewStore();
        var created = new DateTimeOffset(2026, 11, 23, 10, 5, 0, TimeSpan.Zero).AddTicks(7_654_321);
        LogRow first = LogRow.FromBeginning("events", created, 4, era: 0), second = first with { PartitionCount = 8 };

        Assert.Null(await store.ReadLog(Token));
        Assert.Equivalent(first, await store.AddLog(first, Token));
        Assert.Equivalent(first, await store.AddLog(second, Token));
        Assert.Equivalent(first, await store.ReadLog(Token));
    }

    [Fact]
    public async Task A_log_is_followed_only_by_the_next_era()
    {
        var store = await NewStore();
        var first = LogRow.FromBeginning("events", DateTimeOffset.UnixEpoch, 4, era: 0);
        LogRow second = new("others", DateTimeOffset.UnixEpoch.AddDays(1), 2, Era: 1, [12, -1]);

        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.AdvanceLog(second, Token));
        await store.AddLog(first, Token);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.AdvanceLog(second with { Era = 2 }, Token));
        await store.AdvanceLog(second, Token);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.AdvanceLog(second, Token));

        Assert.Equivalent(second, await store.ReadLog(Token));
    }

    /// <summary>A store that holds nothing.</summary>
    private protected abstract ValueTask<ICountStore> NewStore();

    private static async Task<(string Row, RowVersion Version)> Stands(ICountStore store, VideoId video) =>
        await store.ReadVideo(video, Token) is { } stands ? (stands.Row.Text(), stands.Version) : throw new InvalidOperationException($"{video} has no row.");

    private static async Task<IEnumerable<string>> Day(ICountStore store, VideoId video, EventType type, DateOnly day) =>
        (await store.ReadDay(video, type, day, Token))?.Row.Hours.Select(Gens.Text) ?? [];

    private static VideoCommit Given(VideoId video, long position, string? from, string? to) =>
        new(Rows.Of(video.Value, position) with { Metadata = new(null, to) }, [], new(from, to));
}
