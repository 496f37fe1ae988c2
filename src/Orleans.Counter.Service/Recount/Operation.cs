using System.Text.Json.Serialization;

namespace Orleans.Counter.Recount;

/// <summary>A recount: work that goes on after its request was answered.</summary>
/// <param name="Id">What it is called in addresses.</param>
/// <param name="State"><c>running</c>; <c>done</c>; <c>incomplete</c>, if a part of the log that would be needed is not there: then nothing was repaired; or <c>failed</c>.</param>
/// <param name="VideoId">The video.</param>
/// <param name="From">The first minute, in UTC.</param>
/// <param name="To">The minute after the last one, in UTC.</param>
/// <param name="Repair">Whether what differs is to be set to what was recounted.</param>
/// <param name="BegunAt">When it was asked for, in UTC.</param>
/// <param name="EndedAt">When it ended, in UTC; null if it has not.</param>
/// <param name="Reason">Why it has failed; null if it has not.</param>
/// <param name="Result">What was found; null as long as nothing is known.</param>
[GenerateSerializer, Immutable, Alias("counter.operation")]
internal sealed record Operation(
    [property: Id(0)] string Id, [property: Id(1)] string State, [property: Id(2)] string VideoId, [property: Id(3)] DateTime From, [property: Id(4)] DateTime To, [property: Id(5)] bool Repair,
    [property: Id(6)] DateTime BegunAt, [property: Id(7)] DateTime? EndedAt = null, [property: Id(8)] string? Reason = null, [property: Id(9)] RecountResult? Result = null)
{
    public const string Running = "running";
    public const string Done = "done";
    public const string Incomplete = "incomplete";
    public const string Failed = "failed";

    [JsonIgnore]
    public MinuteRange Range => new(Minute.Of(From), Minute.Of(To));
}

/// <summary>What a recount has found, over all types.</summary>
/// <param name="Counted">How many events the minutes held when they were compared.</param>
/// <param name="Recounted">How many they have to hold: those of the log, and what corrections have put in or taken out.</param>
/// <param name="Difference">What is missing; negative: what is too much.</param>
/// <param name="Corrections">How much of what was recounted corrections and replayed dead letters have put in; negative: taken out.</param>
/// <param name="Imported">How many events are of days before the log was first counted: history, which no log holds. They are taken as they are.</param>
/// <param name="MinutesThatDiffer">How many minutes of a type hold something else than they have to, be it only a sum, a smallest or a largest value.</param>
/// <param name="MinutesRepaired">How many of them hold now what they have to.</param>
/// <param name="Truncated">True if more differ than are listed; only those that are listed are repaired. The same recount again goes on with the others.</param>
/// <param name="Minutes">Those that differ, at most 1,000, in order.</param>
/// <param name="Missing">Which parts of the log would be needed, and are not there. If there are any, what differs here may be right.</param>
/// <param name="Messages">How many messages of the log were read.</param>
[GenerateSerializer, Immutable, Alias("counter.recountresult")]
internal sealed record RecountResult(
    [property: Id(0)] long Counted, [property: Id(1)] long Recounted, [property: Id(2)] long Difference, [property: Id(3)] long Corrections, [property: Id(4)] long Imported,
    [property: Id(5)] int MinutesThatDiffer, [property: Id(6)] int MinutesRepaired, [property: Id(7)] bool Truncated, [property: Id(8)] IReadOnlyList<MinuteDifference> Minutes,
    [property: Id(9)] IReadOnlyList<MissingLog> Missing, [property: Id(10)] long Messages)
{
    /// <summary>How many minutes are listed at most.</summary>
    public const int MinutesMax = 1_000;
}

/// <summary>A minute of a type that holds something else than it has to.</summary>
/// <param name="Type">The type.</param>
/// <param name="Minute">The minute, in UTC.</param>
/// <param name="Counted">How many events it held when it was compared.</param>
/// <param name="Recounted">How many it has to hold.</param>
/// <param name="Difference">What is missing; negative: what is too much.</param>
/// <param name="CountedValues">What their values came to; null if there were none.</param>
/// <param name="RecountedValues">What they have to come to; null if there have to be none.</param>
/// <param name="Repaired">True if it holds that now. If it was to be repaired and was not, something else has changed the minute since it was compared.</param>
[GenerateSerializer, Immutable, Alias("counter.minutedifference")]
internal sealed record MinuteDifference(
    [property: Id(0)] string Type, [property: Id(1)] DateTime Minute, [property: Id(2)] long Counted, [property: Id(3)] long Recounted, [property: Id(4)] long Difference,
    [property: Id(5)] ValuesOfMinute? CountedValues, [property: Id(6)] ValuesOfMinute? RecountedValues, [property: Id(7)] bool Repaired)
{
    public static MinuteDifference Of(EventType type, Minute minute, Cell counted, Cell recounted) => new(
        type.Value, minute.Start.UtcDateTime, counted.Count, recounted.Count, recounted.Count - counted.Count, ValuesOfMinute.Of(counted), ValuesOfMinute.Of(recounted), Repaired: false);

    [JsonIgnore]
    public Minute Place => Orleans.Counter.Minute.Of(Minute);

    public Cell CountedCell() => ValuesOfMinute.Cell(Counted, CountedValues);

    public Cell RecountedCell() => ValuesOfMinute.Cell(Recounted, RecountedValues);
}

/// <summary>What the values of a minute's events come to.</summary>
[GenerateSerializer, Immutable, Alias("counter.valuesofminute")]
internal sealed record ValuesOfMinute([property: Id(0)] double Sum, [property: Id(1)] double Min, [property: Id(2)] double Max)
{
    public static ValuesOfMinute? Of(Cell cell) => cell.Count == 0 ? null : new(cell.Sum, cell.Min, cell.Max);

    public static Cell Cell(long count, ValuesOfMinute? values) => values is null ? Orleans.Counter.Cell.Nothing : new(count, values.Sum, values.Min, values.Max);
}

/// <summary>A part of the log that would be needed, and is not there.</summary>
/// <param name="From">From when on, in UTC, by the hub's clock.</param>
/// <param name="To">Until when.</param>
/// <param name="Reason">Why it is not there.</param>
[GenerateSerializer, Immutable, Alias("counter.missinglog")]
internal sealed record MissingLog([property: Id(0)] DateTime From, [property: Id(1)] DateTime To, [property: Id(2)] string Reason)
{
    public static MissingLog Of(DateTimeOffset from, DateTimeOffset to, string reason) => new(from.UtcDateTime, to.UtcDateTime, reason);
}
