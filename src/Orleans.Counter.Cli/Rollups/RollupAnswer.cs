namespace Orleans.Counter.Cli.Rollups;

/// <summary>What the service says of its rollup, as far as it is shown.</summary>
internal sealed record RollupAnswer(DateTimeOffset AsOf, IReadOnlyList<RollupGroup> Groups);

internal sealed record RollupGroup(
    string Group, DateOnly? SealedThrough, DateOnly? ArchivedThrough, DateOnly? RetiredThrough, int DaysLate, RollupHeldBack? HeldBack, bool IsRunning, DateTimeOffset? LastRunEnded, string? Failure,
    int Days, long Rows, long Count, long Bytes, IReadOnlyList<RollupDay> Recent);

internal sealed record RollupHeldBack(DateOnly Day, DateTimeOffset Since, string Reason);

internal sealed record RollupDay(DateOnly Day, int Version, long Rows, long Count, long Bytes, DateTimeOffset WrittenAt, DateTimeOffset? RetiredAt);
