using CsCheck;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>Random values that keep the rules of their types.</summary>
internal static class Gens
{
    public static readonly Gen<EventType> Type = Gen.OneOf(EventType.View, EventType.Parse("like"), EventType.Parse("watch_seconds"));

    public static readonly Gen<VideoId> Video = Gen.Char["abcXYZ019_-"].Array[1, 8].Select(chars => VideoId.Parse(new string(chars)));

    /// <summary>Plain cells, and cells with values; never nothing. Values are whole, so that sums do not depend on the order.</summary>
    public static readonly Gen<Cell> Cell = Gen.OneOf(
        Gen.Long[1, 1_000_000_000_000].Select(Counter.Cell.Plain),
        Gen.Int[-1000, 1000].Array[1, 4].Select(values => values.Select(value => Counter.Cell.One(value)).Aggregate((sum, cell) => sum + cell)));

    public static readonly Gen<HourCells> Hour = Gen.Select(Type, Gen.Int[0, 1_000_000], Gen.Byte[0, 59].HashSet[1, 60], Cell.Array[60])
        .Select((type, hour, minutes, cells) => new HourCells(type, hour, [.. minutes.Order().Select(minute => new MinuteCell(minute, cells[minute]))]));

    public static readonly Gen<VideoRow> Row =
        from video in Video
        from totals in Gen.Select(Type, Cell).Select((type, cell) => new TypeTotal(type, cell)).Array[0, 3]
        from open in Hour.Array[0, 4]
        from settled in Gen.Int[0, 1_000_000].Nullable()
        from numbers in Gen.Select(Gen.Long[0, long.MaxValue], Gen.Long[0, 1000], Gen.Int[0, 10_000_000].Nullable(), Gen.Guid)
        from deadLettered in Gen.Long[0, 1000]
        from metadata in Gen.Select(Gen.String[1, 200].Where(title => title.All(c => !char.IsControl(c) && !char.IsSurrogate(c))).Null(), Video.Select(video => video.Value).Null())
        from windows in Gen.Select(Type, Gen.Int[0, 2], Gen.Int[0, 100_000], Gen.Long[0, long.MaxValue]).Select((type, length, number, count) => new WindowCount(type, new((WindowLength)length, number), count)).Array[0, 5]
        from revision in Gen.Long[0, 1000]
        from imported in Gen.Select(Type, Gen.Long[-1000, long.MaxValue / 4], Gen.Int[-1000, 1000]).Select((type, count, sum) => new TypeAdjustment(type, count, sum)).Array[0, 3]
        select new VideoRow(
            video, new(numbers.Item1), numbers.Item4, [.. totals.DistinctBy(total => total.Type).OrderBy(total => total.Type.Value, StringComparer.Ordinal)], open, settled, numbers.Item2,
            numbers.Item3 is { } first ? new Minute(first) : null, numbers.Item3 is { } last ? new Minute(last + 7) : null, deadLettered, new(metadata.Item1, metadata.Item2),
            Windows: [.. windows.OrderBy(count => count.Type.Value, StringComparer.Ordinal)],
            Imported: [.. imported.DistinctBy(one => one.Type).OrderBy(one => one.Type.Value, StringComparer.Ordinal)], Revision: revision);

    /// <summary>Says what a row holds, all of it: records compare their lists by reference.</summary>
    public static string Text(this VideoRow row) => string.Join(" ", [
        row.Video, row.Position, row.Commit, row.SettledThrough, row.Duplicates, row.First, row.Last, row.DeadLettered, row.Metadata, .. row.Totals.Select(total => $"{total}"), .. row.Open.Select(Text), .. (row.Windows ?? []).Select(count => $"{count}"), row.Revision, .. (row.Imported ?? []).Select(imported => $"{imported}")]);

    public static string Text(this HourCells hour) => $"{hour.Type}@{hour.Hour}[{string.Join(",", hour.Cells)}]";
}
