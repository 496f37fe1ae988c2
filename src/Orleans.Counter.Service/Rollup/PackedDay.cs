using Orleans.Counter.Storage;

namespace Orleans.Counter.Rollup;

/// <summary>A day of one video and type as few bytes, two for a minute of up to 127 views: so a day of a whole group can be held.</summary>
/// <param name="Video">The video.</param>
/// <param name="Type">The type.</param>
/// <param name="Bytes">Its hours, packed; empty if it has none.</param>
internal readonly record struct PackedDay(VideoId Video, EventType Type, byte[] Bytes)
{
    public static readonly Comparer<PackedDay> Order = Comparer<PackedDay>.Create((left, right) => SegmentDay.Order.Compare(left.WithoutHours, right.WithoutHours));

    public bool IsEmpty => Bytes.Length == 0;

    private SegmentDay WithoutHours => new(Video, Type, []);

    public static PackedDay Of(VideoId video, EventType type, IReadOnlyList<HourCells> hours) => new(video, type, CellPack.PackOpen(hours));

    public static PackedDay Of(SegmentDay day) => Of(day.Video, day.Type, day.Hours);

    public SegmentDay Unpack() => new(Video, Type, CellPack.UnpackOpen(Bytes));

    public bool Says(PackedDay other) => Video == other.Video && Type == other.Type && Bytes.AsSpan().SequenceEqual(other.Bytes);
}
