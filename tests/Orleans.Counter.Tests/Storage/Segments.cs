using CsCheck;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Storage;

/// <summary>Days as segments hold them.</summary>
internal static class Segments
{
    public static readonly SegmentId Some = new(new(2026, 11, 23), new(0xa));

    private static readonly int Midnight = TableLayout.FirstHourOf(Some.Day);

    /// <summary>Videos of the group of <see cref="Some"/>, in the order of segments.</summary>
    public static readonly VideoId[] Videos = [.. VideosOf(Some.Group).Take(40).OrderBy(video => video.Value, StringComparer.Ordinal)];

    /// <summary>What a segment of the day and group of <see cref="Some"/> may hold: a few videos, a few types, any minutes.</summary>
    public static readonly Gen<List<SegmentDay>> Days =
        Gen.Select(Gen.Int[0, Videos.Length - 1], Gens.Type, Gen.Select(Gen.Int[0, Minute.PerDay - 1], Gens.Cell).Array[1, 60])
            .Select((video, type, minutes) => Day(Videos[video], type, minutes.DistinctBy(minute => minute.Item1)))
            .Array[0, 60]
            .Select(days => days.DistinctBy(day => (day.Video, day.Type)).Order(SegmentDay.Order).ToList());

    /// <summary>Videos without end that belong to a group.</summary>
    public static IEnumerable<VideoId> VideosOf(Group group) =>
        Enumerable.Range(0, int.MaxValue).Select(number => VideoId.Parse($"v{number}")).Where(video => Group.Of(video) == group);

    /// <summary>A day with these minutes, 0 to 1,439.</summary>
    public static SegmentDay Day(VideoId video, EventType type, IEnumerable<(int OfDay, Cell Cell)> minutes) => new(
        video, type,
        [.. minutes.GroupBy(minute => minute.OfDay / Minute.PerHour).OrderBy(hour => hour.Key).Select(hour => new HourCells(
            type, Midnight + hour.Key, [.. hour.OrderBy(minute => minute.OfDay).Select(minute => new MinuteCell((byte)(minute.OfDay % Minute.PerHour), minute.Cell))]))]);

    /// <summary>A day with something in every minute.</summary>
    public static SegmentDay Full(VideoId video, EventType type, Func<int, Cell> cell) => Day(video, type, Enumerable.Range(0, Minute.PerDay).Select(minute => (minute, cell(minute))));

    /// <summary>The same, so many days later.</summary>
    public static SegmentDay Moved(this SegmentDay day, int days) => day with { Hours = [.. day.Hours.Select(hour => hour with { Hour = hour.Hour + (days * 24) })] };

    public static string Text(this SegmentDay day) => $"{day.Video}/{day.Type}: {string.Join(" ", day.Hours.Select(Gens.Text))}";

    public static IReadOnlyList<string> Texts(this IEnumerable<SegmentDay> days) => [.. days.Select(Text)];
}
