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
/// <param name="Adjusted">How much of the totals does not come from the log: the signed sums of all corrections, per type. Nothing for a type that was never corrected.</param>
/// <param name="Removed">When the video and its history were last removed; null if they never were.</param>
/// <param name="Removing">Day rows of before the removal that may still be there, and must be gone before anything else happens; null if there are none.</param>
/// <param name="Windows">How often each type was counted in its newest hours, days and weeks.</param>
/// <param name="Imported">How much of the totals was imported, per type. Nothing for a type of which nothing was.</param>
/// <param name="Revision">One more whenever something else than the log changes its counts: a correction, an import, its removal.</param>
/// <param name="RemovedThrough">What the log held of it up to here was removed with it; null if it never was, or where it was not written down.</param>
internal sealed record VideoRow(
    VideoId Video, Position Position, Guid Commit, IReadOnlyList<TypeTotal> Totals, IReadOnlyList<HourCells> Open, int? SettledThrough, long Duplicates, Minute? First, Minute? Last,
    long DeadLettered = 0, Metadata Metadata = default, IReadOnlyList<TypeAdjustment>? Adjusted = null, DateTimeOffset? Removed = null, DayRows? Removing = null, IReadOnlyList<WindowCount>? Windows = null,
    IReadOnlyList<TypeAdjustment>? Imported = null, long Revision = 0, Position? RemovedThrough = null)
{
    /// <summary>False if the video was removed, and since then neither seen nor anything said of it: then only its position is left.</summary>
    public bool IsKnown => Totals.Count > 0 || Duplicates > 0 || DeadLettered > 0 || Metadata != default;
}

/// <summary>What was added to the total of a type otherwise than from the log; negative where more was taken out.</summary>
internal readonly record struct TypeAdjustment(EventType Type, long Count, double Sum);

/// <summary>The day rows of some types, from one day to another.</summary>
internal sealed record DayRows(IReadOnlyList<EventType> Types, DateOnly First, DateOnly Last);

/// <summary>What one transaction writes of a video.</summary>
/// <param name="Row">The row, with a commit id of its own: a commit whose answer was lost is recognised by it.</param>
/// <param name="Settled">At most <see cref="TableLayout.SettledDaysMax"/> day rows' worth of hours; each is set whole, never added to.</param>
/// <param name="Channel">Whose video it was, and whose it is from now on; null if that does not change.</param>
/// <param name="Correction">The correction that the row has inside from now on; null if there is none.</param>
/// <param name="Removed">At most <see cref="TableLayout.SettledDaysMax"/> day rows that are there, and are removed; null for none.</param>
/// <param name="Whole">Old days that are set whole; null for none.</param>
/// <param name="Until">
/// After this moment it must not begin to happen: what it does to day rows without their versions is for days that are not archived. Null: it may happen whenever it does.
/// </param>
internal sealed record VideoCommit(
    VideoRow Row, IReadOnlyList<HourCells> Settled, ChannelChange? Channel = null, Correction? Correction = null, IReadOnlyList<(EventType Type, DateOnly Day)>? Removed = null,
    WholeDays? Whole = null, DateTimeOffset? Until = null);

/// <summary>Days of one month of one type, set whole in place of what was read: their rows, what the month says of them, and that they have changed since they were archived.</summary>
/// <remarks>Whoever archives them meanwhile, or takes their rows away, makes the commit stale: then they are read again.</remarks>
/// <param name="Month">The month row, in which these days hold what they hold now. Always written.</param>
/// <param name="MonthVersion">As it was read; null if there was none.</param>
/// <param name="Days">At most <see cref="TableLayout.WholeDaysMax"/> rows, all of them changed, each in place of the version that was read; null for one that was not there.</param>
internal sealed record WholeDays(MonthRow Month, RowVersion? MonthVersion, IReadOnlyList<(DayRow Row, RowVersion? Version)> Days);

/// <summary>A video that changes its channel; null where there is none.</summary>
internal sealed record ChannelChange(string? From, string? To);

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
/// <param name="AdvancedAt">When the era took the place of the one before; null for the first one, and where it was not written down.</param>
internal sealed record LogRow(string Hub, DateTimeOffset CreatedAt, int PartitionCount, int Era, IReadOnlyList<long> Starts, DateTimeOffset? AdvancedAt = null)
{
    /// <summary>A log that is counted from its beginning.</summary>
    public static LogRow FromBeginning(string hub, DateTimeOffset createdAt, int partitionCount, int era) => new(hub, createdAt, partitionCount, era, [.. Enumerable.Repeat(-1L, partitionCount)]);
}
