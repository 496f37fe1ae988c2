namespace Orleans.Counter.Rollup;

/// <summary>What a group's rollup knows of itself since it woke up.</summary>
/// <param name="IsRunning">A run is under way.</param>
/// <param name="SealedThrough">No event can change a day up to it any more; null before the first run.</param>
/// <param name="HeldBack">What keeps the day after it from being sealed; null if nothing but the time.</param>
/// <param name="BeganAt">When the last run began; null before the first.</param>
/// <param name="EndedAt">When it ended; null while it goes on.</param>
/// <param name="Failure">Why it did not come to its end; null if it did.</param>
[GenerateSerializer, Immutable, Alias("counter.rollupstate")]
internal sealed record RollupState(
    [property: Id(0)] bool IsRunning, [property: Id(1)] DateOnly? SealedThrough, [property: Id(2)] HeldBack? HeldBack, [property: Id(3)] DateTimeOffset? BeganAt, [property: Id(4)] DateTimeOffset? EndedAt,
    [property: Id(5)] string? Failure);

/// <summary>Why a day cannot be archived yet although its time has come.</summary>
/// <param name="Day">The day.</param>
/// <param name="Since">Since when it might have been archived.</param>
/// <param name="Shard">Which shard holds it back.</param>
/// <param name="Partition">The partition of the hub that feeds it.</param>
/// <param name="Reason">Why, in words.</param>
[GenerateSerializer, Immutable, Alias("counter.heldback")]
internal sealed record HeldBack([property: Id(0)] DateOnly Day, [property: Id(1)] DateTimeOffset Since, [property: Id(2)] int Shard, [property: Id(3)] int Partition, [property: Id(4)] string Reason);
