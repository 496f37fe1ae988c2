namespace Orleans.Counter.Storage;

/// <summary>What rollup reads and writes beside the counts of single videos: days and months of whole shards, and how far it is.</summary>
/// <remarks>Waits while the storage is away.</remarks>
internal interface IRollupStore
{
    /// <summary>Videos of a shard with an hour that is open and not after this one: a read of the whole shard.</summary>
    ValueTask<IReadOnlyList<VideoId>> FindOpen(Shard shard, int throughHour, CancellationToken cancellationToken);

    /// <summary>The first day of a shard that has a day row; null if there is none: one request.</summary>
    ValueTask<DateOnly?> FirstDay(Shard shard, CancellationToken cancellationToken);

    /// <summary>All day rows of a day, in the order of their keys.</summary>
    ValueTask<IReadOnlyList<Versioned<DayRow>>> ReadDays(Shard shard, DateOnly day, CancellationToken cancellationToken);

    /// <summary>All month rows of a month, in the order of their keys.</summary>
    ValueTask<IReadOnlyList<Versioned<MonthRow>>> ReadMonths(Shard shard, DateOnly month, CancellationToken cancellationToken);

    /// <summary>Writes month rows, each in place of the version that was read; null for one that was not there.</summary>
    /// <exception cref="StaleWriterException">One has changed since; any of the others may be written.</exception>
    ValueTask WriteMonths(Shard shard, IReadOnlyList<(MonthRow Row, RowVersion? Version)> rows, CancellationToken cancellationToken);

    /// <summary>Deletes day rows that are as they were read; those that are gone already are left out.</summary>
    /// <exception cref="StaleWriterException">One has changed since; any of the others may be gone.</exception>
    ValueTask DeleteDays(Shard shard, IReadOnlyList<Versioned<DayRow>> rows, CancellationToken cancellationToken);

    /// <summary>Says of day rows that the archive holds what they say; each has to be as it was read.</summary>
    /// <exception cref="StaleWriterException">One has changed since; any of the others may be marked.</exception>
    ValueTask MarkArchived(Shard shard, IReadOnlyList<Versioned<DayRow>> rows, CancellationToken cancellationToken);

    /// <summary>Days of a shard with rows that were changed after they had been archived, in order.</summary>
    ValueTask<IReadOnlyList<Versioned<ChangedDay>>> ReadChanged(Shard shard, CancellationToken cancellationToken);

    /// <summary>The rows of some days, the first and the last included, that were changed after they had been archived, in the order of their keys.</summary>
    ValueTask<IReadOnlyList<Versioned<DayRow>>> ReadChangedDays(Shard shard, DateOnly first, DateOnly last, CancellationToken cancellationToken);

    /// <summary>Forgets that days of a shard were changed: those of which nothing has changed since they were read.</summary>
    ValueTask DeleteChanged(Shard shard, IReadOnlyList<Versioned<ChangedDay>> changed, CancellationToken cancellationToken);

    /// <summary>How far a group is: one point read. Null before the first start.</summary>
    ValueTask<Versioned<GroupRow>?> ReadGroup(Group group, CancellationToken cancellationToken);

    /// <summary>Says how far a group is, and sets what the manifest says of some days: all or nothing.</summary>
    /// <param name="group">The group.</param>
    /// <param name="row">How far it is.</param>
    /// <param name="version">The version that was read or written before; null if there was none.</param>
    /// <param name="days">At most <see cref="TableLayout.OperationsMax"/> less one.</param>
    /// <param name="cancellationToken">Gives up waiting; it may be written all the same.</param>
    /// <exception cref="StaleWriterException">Somebody else has said it since.</exception>
    ValueTask<RowVersion> WriteGroup(Group group, GroupRow row, RowVersion? version, IReadOnlyList<ArchivedDay> days, CancellationToken cancellationToken);

    /// <summary>The manifest of a group, from one day to another, both included, in order.</summary>
    ValueTask<IReadOnlyList<ArchivedDay>> ReadManifest(Group group, DateOnly first, DateOnly last, CancellationToken cancellationToken);
}

/// <summary>A day row as it is stored: the settled hours of a day of one video and type.</summary>
/// <param name="Video">The video.</param>
/// <param name="Type">The type.</param>
/// <param name="Day">The day.</param>
/// <param name="Hours">Those that are not empty, in order.</param>
/// <param name="IsChanged">The day was archived before, and its segment does not hold what stands here. Of such a row the hours are always the whole day, also where it has none.</param>
internal sealed record DayRow(VideoId Video, EventType Type, DateOnly Day, IReadOnlyList<HourCells> Hours, bool IsChanged);

/// <summary>A day of a shard that has changed after it was archived.</summary>
internal sealed record ChangedDay(Shard Shard, DateOnly Day);

/// <summary>How far the rollup of a group is.</summary>
/// <param name="LiveFrom">No day before it was ever counted from the log: history may be imported there.</param>
/// <param name="ArchivedThrough">Every day up to it is sealed: month rows and segments hold what was counted, and day rows are only needed where they were changed since.</param>
/// <param name="RetiredThrough">No day up to it has day rows but those that were changed since. Never after <paramref name="ArchivedThrough"/>.</param>
/// <param name="CooledThrough">The segments up to it were moved to where storing costs less; null if none was.</param>
internal sealed record GroupRow(DateOnly LiveFrom, DateOnly ArchivedThrough, DateOnly RetiredThrough, DateOnly? CooledThrough = null);

/// <summary>What the manifest says of an archived day that holds something.</summary>
/// <param name="Day">The day.</param>
/// <param name="Version">1 when it was first archived; one more whenever its segment was written anew.</param>
/// <param name="Rows">Minutes of a video and type in the segment.</param>
/// <param name="Count">Events in them.</param>
/// <param name="Bytes">The size of the segment.</param>
/// <param name="WrittenAt">When the segment was last written, read back and compared.</param>
/// <param name="RetiredAt">When its day rows were deleted; null: not yet.</param>
internal sealed record ArchivedDay(DateOnly Day, int Version, long Rows, long Count, long Bytes, DateTimeOffset WrittenAt, DateTimeOffset? RetiredAt);
