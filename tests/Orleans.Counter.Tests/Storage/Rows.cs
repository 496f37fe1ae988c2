using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Storage;

/// <summary>Rows that say only what a test is about.</summary>
internal static class Rows
{
    /// <summary>A row up to a position of the first era, with a commit id of its own.</summary>
    public static VideoRow Of(string video, long position, params IReadOnlyList<TypeTotal> totals) =>
        new(VideoId.Parse(video), new(position), Guid.NewGuid(), totals, [], null, 0, null, null);

    /// <summary>Commits a row and nothing beside it but the hours that it settles.</summary>
    public static ValueTask<RowVersion> CommitVideo(this ICountStore store, VideoRow row, RowVersion? version, IReadOnlyList<HourCells> settled, CancellationToken cancellationToken) =>
        store.CommitVideo(new(row, settled), version, cancellationToken);

    /// <summary>Writes a checkpoint, and leaves the top lists as they are.</summary>
    public static ValueTask<RowVersion> WriteShard(this ICountStore store, Shard shard, ShardRow row, RowVersion? version, CancellationToken cancellationToken) =>
        store.WriteShard(shard, row, null, version, cancellationToken);

    /// <summary>An hour with this many views or likes in its first minutes; none where the number is 0.</summary>
    public static HourCells Hour(EventType type, int hour, params int[] counts) =>
        new(type, hour, [.. counts.Select((count, minute) => new MinuteCell((byte)minute, Cell.Plain(count))).Where(cell => cell.Cell.Count > 0)]);

    /// <summary>Days of the kittens that are set whole.</summary>
    public static WholeDays Whole(Versioned<MonthRow>? month, params IReadOnlyList<(RowVersion? Version, EventType Type, DateOnly Day, IReadOnlyList<HourCells> Hours)> days) =>
        Whole(VideoId.Parse("kittens"), month, days);

    /// <summary>Days of a month that are set whole.</summary>
    public static WholeDays Whole(VideoId video, Versioned<MonthRow>? month, params IReadOnlyList<(RowVersion? Version, EventType Type, DateOnly Day, IReadOnlyList<HourCells> Hours)> days)
    {
        var row = month?.Row ?? new(video, days[0].Type, TableLayout.MonthOf(days[0].Day), new Dictionary<int, IReadOnlyList<QuarterCell>>());
        foreach (var day in days) row = row.With(day.Day, QuarterCell.Of(day.Hours));
        return new(row, month?.Version, [.. days.Select(day => (new DayRow(video, day.Type, day.Day, day.Hours, IsChanged: true), day.Version))]);
    }

    /// <summary>Videos without end that belong to one shard.</summary>
    public static IEnumerable<VideoId> VideosOf(Shard shard, string prefix = "v") =>
        Enumerable.Range(0, int.MaxValue).Select(number => VideoId.Parse($"{prefix}{number}")).Where(video => Shard.Of(video) == shard);
}
