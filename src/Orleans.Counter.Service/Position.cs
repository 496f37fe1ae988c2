namespace Orleans.Counter;

/// <summary>A place in a partition's log: everything at or before it is inside, nothing after it is.</summary>
/// <remarks>
/// One number that only grows: the era of the log in the high bits, the hub's sequence number plus one in the low 52. The era rises when the hub, its namespace or
/// its partition count change, so that a position of the log before is before everything in the new one. Zero is before everything.
/// Positions of different partitions must not be compared; a shard never leaves its partition.
/// </remarks>
[GenerateSerializer, Immutable, Alias("counter.position")]
internal readonly record struct Position([property: Id(0)] long Value) : IComparable<Position>
{
    private const int SequenceBits = 52;

    public static readonly Position Start;

    /// <summary>The era, 0 to 2047.</summary>
    public int Era => (int)(Value >> SequenceBits);

    /// <summary>The hub's sequence number; -1 before the first event of the era.</summary>
    public long SequenceNumber => (Value & ((1L << SequenceBits) - 1)) - 1;

    public static Position Of(int era, long sequenceNumber)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(era);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(era, 2047);
        ArgumentOutOfRangeException.ThrowIfLessThan(sequenceNumber, -1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequenceNumber, (1L << SequenceBits) - 2);
        return new(((long)era << SequenceBits) | (sequenceNumber + 1));
    }

    public static Position Max(Position one, Position other) => one > other ? one : other;

    public int CompareTo(Position other) => Value.CompareTo(other.Value);

    public static bool operator <(Position left, Position right) => left.Value < right.Value;
    public static bool operator >(Position left, Position right) => left.Value > right.Value;
    public static bool operator <=(Position left, Position right) => left.Value <= right.Value;
    public static bool operator >=(Position left, Position right) => left.Value >= right.Value;

    public override string ToString() => $"{Era}:{SequenceNumber}";
}
