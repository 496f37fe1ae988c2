namespace Orleans.Counter;

/// <summary>What one message of the log holds for one minute of one type of one video.</summary>
/// <param name="Position">The message.</param>
/// <param name="Type">The type.</param>
/// <param name="Minute">The minute.</param>
/// <param name="Cell">The events that are counted; <see cref="Cell.Nothing"/> if there are none.</param>
/// <param name="Duplicates">The events that were recognised as repeats, and are not counted.</param>
/// <param name="DeadLettered">The events that were set aside for their time, and are not counted.</param>
[GenerateSerializer, Immutable, Alias("counter.entry")]
internal readonly record struct Entry(
    [property: Id(0)] Position Position, [property: Id(1)] EventType Type, [property: Id(2)] Minute Minute, [property: Id(3)] Cell Cell, [property: Id(4)] int Duplicates,
    [property: Id(5)] int DeadLettered = 0);

/// <summary>How many events one message holds for one shard, counted before anything is decided about them but what is set aside.</summary>
/// <param name="Position">The message.</param>
/// <param name="Events">All of them.</param>
/// <param name="DeadLettered">Those that are dead letters by now.</param>
/// <param name="Writer">Who packed the frame; 0 if the message is no frame.</param>
/// <param name="Number">Which of the writer's frames it is.</param>
[GenerateSerializer, Immutable, Alias("counter.tally")]
internal sealed record Tally(
    [property: Id(0)] Position Position, [property: Id(1)] long Events, [property: Id(2)] long DeadLettered, [property: Id(3)] ulong Writer = 0, [property: Id(4)] ulong Number = 0);

/// <summary>What one message holds for one video.</summary>
[GenerateSerializer, Immutable, Alias("counter.videoentries")]
internal sealed record VideoEntries([property: Id(0)] VideoId Video, [property: Id(1)] IReadOnlyList<Entry> Entries);
