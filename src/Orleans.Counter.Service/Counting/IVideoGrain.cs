using Orleans.Concurrency;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Counting;

/// <summary>One video: what its shard tells it, and what a reader may ask.</summary>
/// <remarks>
/// Keyed by <see cref="VideoId.Value"/>. The first call to a video that sleeps reads one row. While the storage is away, calls that need it wait: longer than a call usually may,
/// because giving up would only make the shard say everything again.
/// </remarks>
[GrainInterfaceType("video")]
internal interface IVideoGrain : IGrainWithStringKey
{
    /// <summary>Adds what is new of these entries; a second call adds nothing. Waits for the storage only if the video sleeps, or if an hour has to be opened again.</summary>
    /// <param name="given">The last position that the caller gave this video and does not know to be stored.</param>
    /// <param name="entries">In the order of the log; all of a position, or none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    [Alias("apply"), ResponseTimeout("00:10:00")]
    ValueTask<Applied> Apply(Position given, [Immutable] IReadOnlyList<Entry> entries, CancellationToken cancellationToken = default);

    /// <summary>Stores what has been added, and settles the hours that are due. Cheap if there is nothing to store.</summary>
    [Alias("flush"), AlwaysInterleave, ResponseTimeout("00:10:00")]
    ValueTask<Flushed> Flush(CancellationToken cancellationToken = default);

    /// <summary>The total of a type and the minutes that are not in a day row yet, as of <see cref="Recent.Position"/>.</summary>
    [Alias("recent"), AlwaysInterleave]
    ValueTask<Recent> Recent(EventType type, CancellationToken cancellationToken = default);

    /// <summary>How often a type was counted in its newest hours, days and weeks.</summary>
    [Alias("windows"), AlwaysInterleave]
    ValueTask<IReadOnlyList<WindowCount>> Windows(EventType type, CancellationToken cancellationToken = default);

    /// <summary>What is known of the video as a whole.</summary>
    [Alias("portrait"), AlwaysInterleave]
    ValueTask<Portrait> Portrait(CancellationToken cancellationToken = default);

    /// <summary>Says what the video is, instead of what was said before. Stored when it answers; saying the same again stores nothing.</summary>
    [Alias("describe"), AlwaysInterleave]
    ValueTask<Portrait> Describe(Metadata metadata, CancellationToken cancellationToken = default);

    /// <summary>Takes events out of a minute, or puts them in. Stored when it answers; the same correction again changes nothing.</summary>
    [Alias("correct"), ResponseTimeout("00:10:00")]
    ValueTask<Corrected> Correct(Correction correction, CancellationToken cancellationToken = default);

    /// <summary>Sets minutes of old days to what they hold; the total moves by as much. Stored when it answers; the same again changes nothing, and writes nothing.</summary>
    /// <param name="type">The type.</param>
    /// <param name="minutes">Each once, in any order; a cell that counts nothing empties its minute. The caller knows that the log never brought anything of their days.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    [Alias("import"), ResponseTimeout("00:10:00")]
    ValueTask<Imported> Import(EventType type, [Immutable] IReadOnlyList<ImportedMinute> minutes, CancellationToken cancellationToken = default);

    /// <summary>What the minutes of a day hold, of all types, as of one position. Nothing is added meanwhile: for each type it reads two rows, or a part of a segment.</summary>
    [Alias("day"), ResponseTimeout("00:10:00")]
    ValueTask<CountedDay> Day(DateOnly day, CancellationToken cancellationToken = default);

    /// <summary>Sets minutes of an hour to what a recount has found, and the total to what all minutes hold. Stored when it answers; the same repair again changes nothing.</summary>
    /// <returns>False, and nothing is set, if one of the minutes does not hold any more what it was compared with.</returns>
    [Alias("repair"), ResponseTimeout("00:10:00")]
    ValueTask<bool> Repair(Repair repair, CancellationToken cancellationToken = default);

    /// <summary>Removes the video and its history, and what was said of it; what the log holds of it and was counted stays counted in the ledger. What comes later counts from nothing.</summary>
    /// <returns>False if there was nothing to remove.</returns>
    [Alias("remove"), ResponseTimeout("00:10:00")]
    ValueTask<bool> Remove(CancellationToken cancellationToken = default);
}

/// <summary>What became of a call.</summary>
/// <param name="Outcome">Whether the entries are inside.</param>
/// <param name="SetAside">How many of the events are dead letters, because their type is one too many; the same at every repetition of the call.</param>
[GenerateSerializer, Immutable, Alias("counter.applied")]
internal readonly record struct Applied([property: Id(0)] Outcome Outcome, [property: Id(1)] long SetAside = 0);

/// <summary>Whether entries are inside.</summary>
[GenerateSerializer, Alias("counter.outcome")]
internal enum Outcome
{
    /// <summary>Everything is inside.</summary>
    Done,

    /// <summary>This activation does not know what an earlier one was given: the shard has to go back.</summary>
    Behind,

    /// <summary>Nothing was added: the video has to store first what it holds.</summary>
    Later,
}

/// <summary>What became of a correction.</summary>
/// <param name="Outcome">Whether it is inside.</param>
/// <param name="Minute">What the minute holds now.</param>
/// <param name="Total">All time of the type, now.</param>
[GenerateSerializer, Immutable, Alias("counter.corrected")]
internal readonly record struct Corrected([property: Id(0)] CorrectionOutcome Outcome, [property: Id(1)] Cell Minute, [property: Id(2)] Cell Total);

/// <summary>Whether a correction is inside.</summary>
[GenerateSerializer, Alias("counter.correctionoutcome")]
internal enum CorrectionOutcome
{
    /// <summary>It is.</summary>
    Done,

    /// <summary>It is not: another one with the same id is.</summary>
    Differs,

    /// <summary>It is not: the minute does not hold as much as it takes out.</summary>
    TooMuch,

    /// <summary>It is not: the video has all the types that it may have.</summary>
    TooManyTypes,
}

/// <summary>What a minute holds, whatever it held before.</summary>
[GenerateSerializer, Immutable, Alias("counter.importedminute")]
internal readonly record struct ImportedMinute([property: Id(0)] Minute Minute, [property: Id(1)] Cell Cell);

/// <summary>What became of an import.</summary>
/// <param name="Outcome">Whether everything is inside; if not, nothing is.</param>
/// <param name="DaysSet">How many days hold something else now.</param>
/// <param name="DaysUnchanged">How many held the same before.</param>
[GenerateSerializer, Immutable, Alias("counter.imported")]
internal readonly record struct Imported([property: Id(0)] ImportOutcome Outcome, [property: Id(1)] int DaysSet = 0, [property: Id(2)] int DaysUnchanged = 0);

/// <summary>Whether an import is inside.</summary>
[GenerateSerializer, Alias("counter.importoutcome")]
internal enum ImportOutcome
{
    /// <summary>It is.</summary>
    Done,

    /// <summary>It is not: events of one of its days may still come, or have come.</summary>
    NotSealed,

    /// <summary>It is not: the video has all the types that it may have.</summary>
    TooManyTypes,
}

/// <summary>What a day holds.</summary>
/// <param name="Position">Everything in the log up to here is inside, as far as it is of this day.</param>
/// <param name="Hours">Those that are not empty, of all types.</param>
/// <param name="Types">All types that the video has.</param>
/// <param name="Revision">One more whenever something else than the log has changed what was counted.</param>
/// <param name="Removed">When the video was last removed; null if it never was.</param>
/// <param name="RemovedThrough">What the log held up to here was removed with it; null also where it was not written down.</param>
[GenerateSerializer, Immutable, Alias("counter.countedday")]
internal sealed record CountedDay(
    [property: Id(0)] Position Position, [property: Id(1)] IReadOnlyList<HourCells> Hours, [property: Id(2)] IReadOnlyList<EventType> Types, [property: Id(3)] long Revision,
    [property: Id(4)] DateTimeOffset? Removed, [property: Id(5)] Position? RemovedThrough);

/// <summary>What minutes of an hour have to hold.</summary>
/// <param name="Id">One that was made is never made again; see <see cref="Correction.RepairPrefix"/>.</param>
/// <param name="Type">The type.</param>
/// <param name="Minutes">All of one hour.</param>
/// <param name="Reason">For people.</param>
/// <param name="At">When it is made.</param>
[GenerateSerializer, Immutable, Alias("counter.repair")]
internal sealed record Repair([property: Id(0)] string Id, [property: Id(1)] EventType Type, [property: Id(2)] IReadOnlyList<RepairedMinute> Minutes, [property: Id(3)] string Reason, [property: Id(4)] DateTimeOffset At);

/// <summary>What a minute held when it was compared, and what it has to hold.</summary>
[GenerateSerializer, Immutable, Alias("counter.repairedminute")]
internal readonly record struct RepairedMinute([property: Id(0)] Minute Minute, [property: Id(1)] Cell Counted, [property: Id(2)] Cell Recounted);

/// <summary>What is stored.</summary>
/// <param name="Position">Everything in the log up to here is stored.</param>
/// <param name="NextSettle">When the video wants to be flushed again to settle an hour; null if nothing is open.</param>
/// <param name="Windows">How often each type was counted in its newest hours, days and weeks.</param>
[GenerateSerializer, Immutable, Alias("counter.flushed")]
internal readonly record struct Flushed([property: Id(0)] Position Position, [property: Id(1)] DateTimeOffset? NextSettle, [property: Id(2)] IReadOnlyList<WindowCount> Windows);

/// <summary>What a video knows of a type without looking anything up.</summary>
/// <param name="Position">Everything in the log up to here is inside.</param>
/// <param name="Total">All time.</param>
/// <param name="Open">Hours whose truth is here, whatever a day row says; in order.</param>
/// <param name="SettledThrough">No day row holds an hour after this one; null if there is none at all.</param>
/// <param name="First">The earliest minute of any type; null if there is none.</param>
/// <param name="Last">The latest minute of any type; null if there is none.</param>
/// <param name="Revision">One more whenever something else than the log has changed what was counted; that of the row as it is stored. Rows that are read after it hold at least what it stands for.</param>
[GenerateSerializer, Immutable, Alias("counter.recent")]
internal sealed record Recent(
    [property: Id(0)] Position Position, [property: Id(1)] Cell Total, [property: Id(2)] IReadOnlyList<HourCells> Open,
    [property: Id(3)] int? SettledThrough, [property: Id(4)] Minute? First, [property: Id(5)] Minute? Last, [property: Id(6)] long Revision = 0);

/// <summary>What is known of a video as a whole.</summary>
/// <param name="Metadata">What was said of it.</param>
/// <param name="Totals">All time, per type.</param>
/// <param name="First">The earliest minute of any type; null if there is none.</param>
/// <param name="Last">The latest minute of any type; null if there is none.</param>
/// <param name="Duplicates">Events that were recognised as repeats.</param>
/// <param name="DeadLettered">Events that were set aside.</param>
/// <param name="Position">Everything in the log up to here is inside.</param>
/// <param name="Revision">One more whenever something else than the log has changed what was counted; that of the row as it is stored.</param>
[GenerateSerializer, Immutable, Alias("counter.portrait")]
internal sealed record Portrait(
    [property: Id(0)] Metadata Metadata, [property: Id(1)] IReadOnlyList<TypeTotal> Totals, [property: Id(2)] Minute? First, [property: Id(3)] Minute? Last,
    [property: Id(4)] long Duplicates, [property: Id(5)] long DeadLettered, [property: Id(6)] Position Position, [property: Id(7)] long Revision = 0)
{
    /// <summary>False if the video was never seen, and nothing was ever said of it.</summary>
    public bool IsKnown => Totals.Count > 0 || Duplicates > 0 || DeadLettered > 0 || Metadata != default;
}
