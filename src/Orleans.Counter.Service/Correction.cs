namespace Orleans.Counter;

/// <summary>What somebody took out of a minute of a video, or put into it, by hand. Undone by its opposite, under another id.</summary>
/// <param name="Id">Chosen by who corrects: one that was done is never done again.</param>
/// <param name="Video">The video.</param>
/// <param name="Type">The type.</param>
/// <param name="Minute">The minute.</param>
/// <param name="Count">How many events; negative to take out.</param>
/// <param name="Sum">Of their values; negative to take out.</param>
/// <param name="Reason">For people.</param>
/// <param name="At">When it was done.</param>
/// <param name="Min">The smallest of their values, where what is put in is known so well; null: their mean stands for it.</param>
/// <param name="Max">The largest of their values; null as well.</param>
[GenerateSerializer, Immutable, Alias("counter.correction")]
internal sealed record Correction(
    [property: Id(0)] string Id, [property: Id(1)] VideoId Video, [property: Id(2)] EventType Type, [property: Id(3)] Minute Minute,
    [property: Id(4)] long Count, [property: Id(5)] double Sum, [property: Id(6)] string Reason, [property: Id(7)] DateTimeOffset At,
    [property: Id(8)] double? Min = null, [property: Id(9)] double? Max = null)
{
    /// <summary>How the ids of repairs begin; no correction that somebody makes by hand begins with a dot.</summary>
    public const string RepairPrefix = ".recount.";

    /// <summary>True if a recount has set minutes to what the log says: then it is the record of a repair, and puts nothing in beside the log.</summary>
    public bool IsRepair => Id.StartsWith(RepairPrefix, StringComparison.Ordinal);
}
