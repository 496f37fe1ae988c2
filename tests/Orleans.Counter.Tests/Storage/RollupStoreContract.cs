using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

/// <summary>What every store promises to rollup, asked of each of them in the same words.</summary>
public abstract class RollupStoreContract
{
    private static readonly EventType Like = EventType.Parse("like");
    private static readonly DateOnly Monday = new(2026, 11, 23);
    private static readonly DateOnly November = new(2026, 11, 1);
    private static readonly Shard Some = new(0x2a);
    private static readonly VideoId[] Videos = [.. Rows.VideosOf(Some).Take(250)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Where_nothing_is_stored_nothing_is_found()
    {
        var (_, rollups) = await NewStores();

        Assert.Empty(await rollups.FindOpen(Some, int.MaxValue, Token));
        Assert.Null(await rollups.FirstDay(Some, Token));
        Assert.Empty(await rollups.ReadDays(Some, Monday, Token));
        Assert.Empty(await rollups.ReadMonths(Some, November, Token));
        Assert.Empty(await rollups.ReadChanged(Some, Token));
        Assert.Empty(await rollups.ReadChangedDays(Some, DateOnly.MinValue, DateOnly.MaxValue, Token));
        Assert.Null(await rollups.ReadGroup(Group.Of(Some), Token));
        Assert.Empty(await rollups.ReadManifest(Group.Of(Some), DateOnly.MinValue, DateOnly.MaxValue, Token));
    }

    [Fact]
    public async Task Videos_with_an_hour_that_is_open_and_old_enough_are_found()
    {
        var (counts, rollups) = await NewStores();
        var hour = TableLayout.FirstHourOf(Monday);
        await counts.CommitVideo(Rows.Of(Videos[0].Value, 1) with { Open = [Rows.Hour(EventType.View, hour + 5, 1), Rows.Hour(Like, hour, 1)] }, null, [], Token);
        await counts.CommitVideo(Rows.Of(Videos[1].Value, 1) with { Open = [Rows.Hour(EventType.View, hour + 1, 1)] }, null, [], Token);
        await counts.CommitVideo(Rows.Of(Videos[2].Value, 1), null, [], Token);
        await counts.CommitVideo(Rows.Of(Rows.VideosOf(new(0x2b)).First().Value, 1) with { Open = [Rows.Hour(EventType.View, hour, 1)] }, null, [], Token);

        Assert.Empty(await rollups.FindOpen(Some, hour - 1, Token));
        Assert.Equal([Videos[0]], await rollups.FindOpen(Some, hour, Token));
        Assert.Equal(Videos[..2].OrderBy(video => video.Value, StringComparer.Ordinal), await rollups.FindOpen(Some, hour + 1, Token));
    }

    [Fact]
    public async Task The_rows_of_a_day_come_in_order_with_their_versions_and_those_of_other_days_do_not()
    {
        var (counts, rollups) = await NewStores();
        foreach (var video in Videos[..3]) await Settle(counts, video, Monday, Monday.AddDays(1), Monday.AddDays(-1));

        var rows = await rollups.ReadDays(Some, Monday, Token);

        Assert.Equal(Videos[..3].Select(video => TableLayout.DayKey(video, EventType.View, Monday)).Order(StringComparer.Ordinal), rows.Select(row => TableLayout.DayKey(row.Row.Video, row.Row.Type, row.Row.Day)));
        Assert.All(rows, row => Assert.Equal((Monday, 1, false), (row.Row.Day, row.Row.Hours.Count, row.Row.IsChanged)));
        Assert.Equal((await counts.ReadDay(Videos[0], EventType.View, Monday, Token))!.Version, rows.Single(row => row.Row.Video == Videos[0]).Version);
        Assert.Equal(Monday.AddDays(-1), await rollups.FirstDay(Some, Token));
    }

    [Fact]
    public async Task Month_rows_are_written_in_place_of_what_was_read_and_of_nothing_else()
    {
        var (counts, rollups) = await NewStores();
        var rows = Videos.Select(video => Month(video, 5)).ToList();

        await rollups.WriteMonths(Some, [.. rows.Select(row => (row, default(RowVersion?)))], Token);
        var first = await rollups.ReadMonths(Some, November, Token);
        await rollups.WriteMonths(Some, [.. first.Select(row => (row.Row.With(Monday, [new(3, Cell.Plain(7))]), (RowVersion?)row.Version))], Token);
        var second = await rollups.ReadMonths(Some, November, Token);

        Assert.Equal(Videos.Length, first.Count);
        Assert.All(first, row => Assert.Equal(Cell.Plain(5), row.Row.Total));
        Assert.All(second, row => Assert.Equal(Cell.Plain(12), row.Row.Total));
        Assert.Equal(Cell.Plain(12), (await counts.ReadMonth(Videos[7], EventType.View, November, Token))!.Row.Total);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await rollups.WriteMonths(Some, [(first[0].Row, first[0].Version)], Token));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await rollups.WriteMonths(Some, [(first[0].Row, null)], Token));
        Assert.Empty(await rollups.ReadMonths(Some, November.AddMonths(1), Token));
    }

    [Fact]
    public async Task Day_rows_are_deleted_as_they_were_read_and_those_that_are_gone_are_left_out()
    {
        var (counts, rollups) = await NewStores();
        foreach (var video in Videos) await Settle(counts, video, Monday);
        var rows = await rollups.ReadDays(Some, Monday, Token);

        await rollups.DeleteDays(Some, [.. rows.Skip(30).Take(5)], Token);
        await Settle(counts, rows[^1].Row.Video, Monday, Monday.AddDays(1));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await rollups.DeleteDays(Some, rows, Token));
        var left = await rollups.ReadDays(Some, Monday, Token);
        Assert.Equal(rows[^1].Row.Video, left[^1].Row.Video);
        await rollups.DeleteDays(Some, [.. rows.Take(rows.Count - 1)], Token);
        await rollups.DeleteDays(Some, left, Token);

        Assert.Empty(await rollups.ReadDays(Some, Monday, Token));
        Assert.Equal(Monday.AddDays(1), await rollups.FirstDay(Some, Token));
    }

    [Fact]
    public async Task Days_that_were_changed_are_known_until_the_archive_holds_them()
    {
        var (counts, rollups) = await NewStores();
        await Change(counts, Videos[0], Monday, 3);
        await Change(counts, Videos[1], Monday, 4);
        await Change(counts, Videos[2], Monday.AddDays(2), 5);
        await Settle(counts, Videos[3], Monday);
        var changed = await rollups.ReadChanged(Some, Token);
        var rows = await rollups.ReadChangedDays(Some, Monday, Monday.AddDays(1), Token);

        Assert.Equal([Monday, Monday.AddDays(2)], changed.Select(day => day.Row.Day));
        Assert.Equal(2, rows.Count);
        Assert.Equal(3, (await rollups.ReadChangedDays(Some, Monday, Monday.AddDays(2), Token)).Count);

        await Change(counts, Videos[1], Monday, 6);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await rollups.MarkArchived(Some, rows, Token));
        await rollups.DeleteChanged(Some, changed, Token);
        Assert.Equal([Monday], (await rollups.ReadChanged(Some, Token)).Select(day => day.Row.Day));

        await rollups.MarkArchived(Some, await rollups.ReadChangedDays(Some, Monday, Monday, Token), Token);
        await rollups.DeleteChanged(Some, await rollups.ReadChanged(Some, Token), Token);
        Assert.Empty(await rollups.ReadChanged(Some, Token));
        Assert.Empty(await rollups.ReadChangedDays(Some, Monday, Monday, Token));
        Assert.Equal(6, (await rollups.ReadDays(Some, Monday, Token)).Single(row => row.Row.Video == Videos[1]).Row.Hours.Sum(hour => hour.Total.Count));
    }

    [Fact]
    public async Task How_far_a_group_is_changes_together_with_its_manifest_and_only_by_who_has_read_it_last()
    {
        var (_, rollups) = await NewStores();
        var (group, other) = (new Group(0xa), new Group(0xb));
        var written = new DateTimeOffset(2026, 12, 1, 3, 4, 5, TimeSpan.Zero).AddTicks(1_234_567);
        GroupRow first = new(Monday, Monday.AddDays(-1), Monday.AddDays(-1)), second = first with { ArchivedThrough = Monday.AddDays(1), CooledThrough = Monday };
        ArchivedDay day = new(Monday, 1, 10, 100, 1000, written, null), next = new(Monday.AddDays(1), 2, 20, 200, long.MaxValue, written, written.AddDays(1));

        var one = await rollups.WriteGroup(group, first, null, [], Token);
        Assert.Equal(new(first, one), await rollups.ReadGroup(group, Token));
        var two = await rollups.WriteGroup(group, second, one, [next, day], Token);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await rollups.WriteGroup(group, first, one, [day with { Version = 9 }], Token));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await rollups.WriteGroup(group, first, null, [], Token));

        Assert.Equal(new(second, two), await rollups.ReadGroup(group, Token));
        Assert.Equal([day, next], await rollups.ReadManifest(group, Monday, Monday.AddDays(1), Token));
        Assert.Equal([next], await rollups.ReadManifest(group, Monday.AddDays(1), DateOnly.MaxValue, Token));
        Assert.Null(await rollups.ReadGroup(other, Token));
        Assert.Empty(await rollups.ReadManifest(other, DateOnly.MinValue, DateOnly.MaxValue, Token));
    }

    /// <summary>Stores that hold nothing, over the same rows.</summary>
    private protected abstract ValueTask<(ICountStore Counts, IRollupStore Rollups)> NewStores();

    private static MonthRow Month(VideoId video, long count) => new(video, EventType.View, November, new Dictionary<int, IReadOnlyList<QuarterCell>> { [1] = [new(0, Cell.Plain(count))] });

    private static async Task Settle(ICountStore counts, VideoId video, params DateOnly[] days)
    {
        var stands = await counts.ReadVideo(video, Token);
        await counts.CommitVideo(Rows.Of(video.Value, 1), stands?.Version, [.. days.Select(day => Rows.Hour(EventType.View, TableLayout.FirstHourOf(day) + 7, 1, 2))], Token);
    }

    private static async Task Change(ICountStore counts, VideoId video, DateOnly day, int count)
    {
        var (row, before, month) = (await counts.ReadVideo(video, Token), await counts.ReadDay(video, EventType.View, day, Token), await counts.ReadMonth(video, EventType.View, November, Token));
        HourCells[] hours = [Rows.Hour(EventType.View, TableLayout.FirstHourOf(day) + 7, count)];
        var whole = new WholeDays((month?.Row ?? Month(video, 1)).With(day, QuarterCell.Of(hours)), month?.Version, [(new DayRow(video, EventType.View, day, hours, IsChanged: true), before?.Version)]);
        await counts.CommitVideo(new(Rows.Of(video.Value, 1), [], Whole: whole), row?.Version, Token);
    }
}
