using Orleans.Counter.Storage;

namespace Orleans.Counter.Rollup;

/// <summary>How far rollup is, for an operator. Costs a call to each group and a read of its manifest.</summary>
internal sealed class RollupReport(IGrainFactory grains, IRollupStore store, TimeSpan acceptanceWindow, TimeProvider clock)
{
    /// <summary>How many days of each group are listed if nobody says it.</summary>
    public const int DaysDefault = 7;

    /// <summary>The most days of each group that may be listed.</summary>
    public const int DaysMax = 1_000;

    /// <param name="recent">How many of the last days that hold something are listed for each group.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<RollupsAnswer> Ask(int recent, CancellationToken cancellationToken)
    {
        var asOf = clock.GetUtcNow();
        return new(asOf, await Task.WhenAll(Group.All.Select(group => Ask(group, recent, asOf, cancellationToken))));
    }

    private async Task<GroupAnswer> Ask(Group group, int recent, DateTimeOffset asOf, CancellationToken cancellationToken)
    {
        var state = await grains.GetGrain<IRollupGrain>(group.ToString()).State(cancellationToken);
        var row = (await store.ReadGroup(group, cancellationToken))?.Row;
        var manifest = row is null ? [] : await store.ReadManifest(group, DateOnly.MinValue, DateOnly.MaxValue, cancellationToken);
        return new(
            group.ToString(), row?.LiveFrom, state.SealedThrough, row?.ArchivedThrough, row?.RetiredThrough, row?.CooledThrough,
            row is null ? 0 : RollupPlan.DaysLate(acceptanceWindow, row.ArchivedThrough, asOf),
            state.HeldBack is { } held ? new(held.Day, held.Since, new Shard(held.Shard).ToString(), held.Partition, held.Reason) : null,
            state.IsRunning, state.BeganAt, state.EndedAt, state.Failure,
            manifest.Count, manifest.Sum(day => day.Rows), manifest.Sum(day => day.Count), manifest.Sum(day => day.Bytes),
            [.. manifest.TakeLast(recent).Reverse().Select(day => new DayAnswer(day.Day, day.Version, day.Rows, day.Count, day.Bytes, day.WrittenAt, day.RetiredAt))]);
    }
}

/// <summary>How far rollup is.</summary>
/// <param name="AsOf">When the question came.</param>
/// <param name="Groups">All of them, in order.</param>
internal sealed record RollupsAnswer(DateTimeOffset AsOf, IReadOnlyList<GroupAnswer> Groups);

/// <summary>How far a group is.</summary>
/// <param name="Group">The group.</param>
/// <param name="LiveFrom">No day before it was ever counted from the log; null before the first run of all, as are the next ones.</param>
/// <param name="SealedThrough">No event can change a day up to it; null before the first run since the group woke up.</param>
/// <param name="ArchivedThrough">Days up to it are in month rows and segments, read back and compared.</param>
/// <param name="RetiredThrough">Rows of days up to it were deleted.</param>
/// <param name="CooledThrough">Segments of days up to it were moved to the cheaper tier; null if none was.</param>
/// <param name="DaysLate">How many days might have been archived more than a day ago, and are not.</param>
/// <param name="HeldBack">What keeps the next day from being archived although its time has come; null if nothing does.</param>
/// <param name="IsRunning">A run is under way.</param>
/// <param name="LastRunBegan">When the last run began, since the group woke up.</param>
/// <param name="LastRunEnded">When it ended.</param>
/// <param name="Failure">Why it did not come to its end; null if it did.</param>
/// <param name="Days">How many archived days hold something.</param>
/// <param name="Rows">Minutes of a video and type in them.</param>
/// <param name="Count">Events in them.</param>
/// <param name="Bytes">Of their segments.</param>
/// <param name="Recent">The last of these days, the newest first.</param>
internal sealed record GroupAnswer(
    string Group, DateOnly? LiveFrom, DateOnly? SealedThrough, DateOnly? ArchivedThrough, DateOnly? RetiredThrough, DateOnly? CooledThrough, int DaysLate, HeldBackAnswer? HeldBack,
    bool IsRunning, DateTimeOffset? LastRunBegan, DateTimeOffset? LastRunEnded, string? Failure, int Days, long Rows, long Count, long Bytes, IReadOnlyList<DayAnswer> Recent);

/// <summary>What keeps a day from being archived.</summary>
/// <param name="Day">The day.</param>
/// <param name="Since">When its time came.</param>
/// <param name="Shard">Which shard has not passed it.</param>
/// <param name="Partition">The partition of the hub that feeds the shard.</param>
/// <param name="Reason">Why, in words.</param>
internal sealed record HeldBackAnswer(DateOnly Day, DateTimeOffset Since, string Shard, int Partition, string Reason);

/// <summary>An archived day of a group.</summary>
/// <param name="Day">The day.</param>
/// <param name="Version">1 when it was first archived; one more whenever its segment was written anew.</param>
/// <param name="Rows">Minutes of a video and type.</param>
/// <param name="Count">Events in them.</param>
/// <param name="Bytes">Of the segment.</param>
/// <param name="WrittenAt">When it was last written, read back and compared.</param>
/// <param name="RetiredAt">When its rows were deleted; null: not yet.</param>
internal sealed record DayAnswer(DateOnly Day, int Version, long Rows, long Count, long Bytes, DateTimeOffset WrittenAt, DateTimeOffset? RetiredAt);
