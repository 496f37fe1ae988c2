namespace Orleans.Counter.Storage;

/// <summary>Where finished days lie for good, open to everybody: a Parquet file for each day and group, sorted by video, type and minute.</summary>
/// <remarks>
/// A segment is replaced whole and at once, under the same name; who reads one never sees parts of two. Its content is a function of what was counted, so it does no harm if two write it.
/// Waits while the storage is away.
/// </remarks>
internal interface ISegmentStore
{
    /// <summary>What stands now; null if there is no segment: one request.</summary>
    ValueTask<Segment?> Find(SegmentId id, CancellationToken cancellationToken);

    /// <summary>Writes a segment in place of the one that was found.</summary>
    /// <param name="id">Which one.</param>
    /// <param name="days">What it holds: sorted by video, then type, as <see cref="SegmentDay.Order"/> says; none that is empty, none twice.</param>
    /// <param name="instead">What was found; null if nothing.</param>
    /// <param name="cancellationToken">Gives up waiting; it may be written all the same.</param>
    /// <exception cref="StaleWriterException">Another one stands there by now.</exception>
    ValueTask<Segment> Write(SegmentId id, IEnumerable<SegmentDay> days, Segment? instead, CancellationToken cancellationToken);

    /// <summary>All that a segment holds, in order.</summary>
    /// <exception cref="StaleWriterException">Another one stands there by now.</exception>
    IAsyncEnumerable<SegmentDay> Read(Segment segment, CancellationToken cancellationToken);

    /// <summary>One day of one video and type, from what stands now: a range read or two. No hours if there is nothing.</summary>
    ValueTask<IReadOnlyList<HourCells>> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken);

    /// <summary>Keeps a segment where storing costs less and reading more, until it is written anew. Nothing happens if there is none.</summary>
    ValueTask Cool(SegmentId id, SegmentTier tier, CancellationToken cancellationToken);
}

/// <summary>Where storing costs less. What lies there can be read at once, like everything else.</summary>
internal enum SegmentTier
{
    /// <summary>For what stays 30 days at least.</summary>
    Cool,

    /// <summary>For what stays 90 days at least: cheaper still, and reads cost more.</summary>
    Cold,
}

/// <summary>A day of a group.</summary>
internal readonly record struct SegmentId(DateOnly Day, Group Group);

/// <summary>A segment as it stands.</summary>
/// <param name="Id">Which one.</param>
/// <param name="Version">What changes whenever it does. Opaque.</param>
/// <param name="Bytes">How large.</param>
/// <param name="Rows">Minutes of a video and type.</param>
/// <param name="Count">Events in all of them.</param>
internal sealed record Segment(SegmentId Id, string Version, long Bytes, long Rows, long Count);

/// <summary>One whole day of one video and type.</summary>
internal sealed record SegmentDay(VideoId Video, EventType Type, IReadOnlyList<HourCells> Hours)
{
    /// <summary>The order in segments: by the bytes of the video's id, then of the type.</summary>
    public static readonly Comparer<SegmentDay> Order = Comparer<SegmentDay>.Create((left, right) =>
        string.CompareOrdinal(left.Video.Value, right.Video.Value) is not 0 and var byVideo ? byVideo : string.CompareOrdinal(left.Type.Value, right.Type.Value));

    /// <summary>What it holds, added up.</summary>
    public SegmentSums Sums => Hours.Aggregate(new SegmentSums(), (sums, hour) => sums + new SegmentSums(hour.Cells.Count, hour.Total.Count));
}
