namespace Orleans.Counter.Storage;

/// <summary>A video as it is stored: the truth for its totals and for the hours that are open.</summary>
/// <param name="Video">The video.</param>
/// <param name="Position">Everything in the log up to here is inside.</param>
/// <param name="Commit">New at every commit: tells a commit of one's own, whose answer was lost, from somebody else's.</param>
/// <param name="Totals">All time, per type.</param>
/// <param name="Open">Hours that are not settled, or were opened again for a late event: here they are whole, whatever a day row says.</param>
/// <param name="SettledThrough">No day row holds an hour after this one; null if nothing was ever settled. Numbered from 1970.</param>
/// <param name="Duplicates">Events that were recognised as repeats.</param>
/// <param name="First">The earliest minute that was ever counted; null if none was.</param>
/// <param name="Last">The latest minute that was ever counted; null if none was.</param>
/// <param name="DeadLettered">Events that were set aside: for their time, or because their type was one too many.</param>
/// <param name="Metadata">What was said of the video itself.</param>
internal sealed record VideoRow(
    VideoId Video, Position Position, Guid Commit, IReadOnlyList<TypeTotal> Totals, IReadOnlyList<HourCells> Open, int? SettledThrough, long Duplicates, Minute? First, Minute? Last,
    long DeadLettered = 0, Metadata Metadata = default);

/// <summary>All that was ever counted of a type.</summary>
[GenerateSerializer, Immutable, Alias("counter.typetotal")]
internal readonly record struct TypeTotal([property: Id(0)] EventType Type, [property: Id(1)] Cell Total);

/// <summary>A shard's checkpoint: every video of the shard has stored everything up to it.</summary>
/// <param name="Position">How far.</param>
/// <param name="EnqueuedTime">When the hub took the message at that position.</param>
/// <param name="Partition">Which partition the shard is fed from.</param>
/// <param name="Ledger">What became of all events of the shard up to the position, in this log and those before it.</param>
internal sealed record ShardRow(Position Position, DateTimeOffset EnqueuedTime, int Partition, Ledger Ledger);

/// <summary>The log that all positions of one era belong to.</summary>
/// <param name="Hub">The hub's name.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="PartitionCount">How many partitions it has.</param>
/// <param name="Era">The era of its positions.</param>
/// <param name="Starts">Per partition, the last message that belongs to an era before: -1 if the log was empty when it was first seen.</param>
internal sealed record LogRow(string Hub, DateTimeOffset CreatedAt, int PartitionCount, int Era, IReadOnlyList<long> Starts)
{
    /// <summary>A log that is counted from its beginning.</summary>
    public static LogRow FromBeginning(string hub, DateTimeOffset createdAt, int partitionCount, int era) => new(hub, createdAt, partitionCount, era, [.. Enumerable.Repeat(-1L, partitionCount)]);
}
