namespace Orleans.Counter;

/// <summary>What became of the events that the log holds: each one is counted, was recognised as a repeat, or is a dead letter.</summary>
/// <param name="Events">As the frames' columns say, before anything was decided about them.</param>
/// <param name="Counted">Inside a video's count.</param>
/// <param name="Duplicates">Recognised as repeats.</param>
/// <param name="DeadLettered">Set aside in blobs, with the reason.</param>
[GenerateSerializer, Immutable, Alias("counter.ledger")]
internal readonly record struct Ledger([property: Id(0)] long Events, [property: Id(1)] long Counted, [property: Id(2)] long Duplicates, [property: Id(3)] long DeadLettered)
{
    /// <summary>Events of which nobody knows what became: 0, or something is wrong.</summary>
    public long Difference => Events - Counted - Duplicates - DeadLettered;

    public static Ledger operator +(Ledger one, Ledger other) =>
        new(one.Events + other.Events, one.Counted + other.Counted, one.Duplicates + other.Duplicates, one.DeadLettered + other.DeadLettered);
}
