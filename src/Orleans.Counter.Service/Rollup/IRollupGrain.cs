using Orleans.Concurrency;

namespace Orleans.Counter.Rollup;

/// <summary>The rollup of a group: wakes by a reminder, and works through whatever is due.</summary>
/// <remarks>Keyed by <see cref="Group.ToString"/>.</remarks>
[GrainInterfaceType("rollup")]
internal interface IRollupGrain : IGrainWithStringKey
{
    /// <summary>Has the group wake up by itself from now on, wherever and whenever there is a silo. A second call changes nothing.</summary>
    [Alias("begin")]
    ValueTask Begin(CancellationToken cancellationToken = default);

    /// <summary>Begins a run if none is under way, and answers when it has ended: after minutes, if there is much to do.</summary>
    [Alias("run"), AlwaysInterleave, ResponseTimeout("01:00:00")]
    ValueTask<RollupState> Run(CancellationToken cancellationToken = default);

    /// <summary>What the group knows of itself since it woke up. Answers from memory.</summary>
    [Alias("state"), AlwaysInterleave]
    ValueTask<RollupState> State(CancellationToken cancellationToken = default);
}
