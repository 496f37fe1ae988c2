using Orleans.Counter.EventHubs;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Streaming;

/// <summary>Compares the hub with what the storage has counted of it, before anything is read: a hub that was made anew would be skipped as already counted.</summary>
internal sealed partial class LogCheck(IEventHub hub, ICountStore store, LogIdentity identity, TimeProvider clock, ILogger<LogCheck> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private const string Remedy = "Give the service the hub that it has counted from; or, if this one takes its place, stop all silos and run `counter log advance`.";

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(LogCheck), ServiceLifecycleStage.RuntimeGrainServices, Check);

    /// <summary>Waits for hub and storage, then compares them.</summary>
    /// <exception cref="LogMismatchException">They do not belong together; the service must not start.</exception>
    public async Task Check(CancellationToken cancellationToken)
    {
        var found = await Ask(hub.GetProperties, cancellationToken);
        var known = await store.ReadLog(cancellationToken)
            ?? await store.AddLog(LogRow.FromBeginning(found.Name, found.CreatedAt, found.PartitionIds.Count, era: 0), cancellationToken);
        if (await Mismatch(found, known, cancellationToken) is { } mismatch) throw new LogMismatchException($"{mismatch} {Remedy}");
        identity.Is(known);
    }

    /// <summary>Why this hub is not the one that was counted; null if it is.</summary>
    public async Task<string?> Mismatch(HubProperties found, LogRow known, CancellationToken cancellationToken)
    {
        if (found.CreatedAt != known.CreatedAt || found.PartitionIds.Count != known.PartitionCount)
            return $"The storage has counted from hub '{known.Hub}', made at {known.CreatedAt:O} with {known.PartitionCount} partitions; " +
                $"this is '{found.Name}', made at {found.CreatedAt:O} with {found.PartitionIds.Count} partitions.";

        // The checkpoints first: while other silos count, those that are asked for later may be beyond the ends that were asked for before.
        var checkpoints = await Checkpoints(known, cancellationToken);
        var ends = await Ends(found, cancellationToken);
        foreach (var (shard, checkpoint) in checkpoints)
            if (shard.Partition(ends.Count) is var partition && checkpoint.SequenceNumber > ends[partition])
                return $"Shard {shard} has stored everything up to message {checkpoint.SequenceNumber} of partition {partition}, but the hub's last is {ends[partition]}.";
        return null;
    }

    /// <summary>How far each shard has stored the era; where it has stored nothing, where the era begins.</summary>
    public async Task<IReadOnlyList<(Shard Shard, Position Checkpoint)>> Checkpoints(LogRow known, CancellationToken cancellationToken) =>
        await Task.WhenAll(Shard.All.Select(async shard =>
        {
            var start = Position.Of(known.Era, known.Starts[shard.Partition(known.PartitionCount)]);
            return (shard, Position.Max(start, (await store.ReadShard(shard, cancellationToken))?.Row.Position ?? start));
        }));

    /// <summary>The last message of every partition; -1 where there is none.</summary>
    public async Task<IReadOnlyList<long>> Ends(HubProperties found, CancellationToken cancellationToken)
    {
        var ends = new long[found.PartitionIds.Count];
        for (var i = 0; i < ends.Length; i++) ends[i] = (await Ask(token => hub.GetPartitionProperties(found.PartitionIds[i], token), cancellationToken)).LastSequenceNumber;
        return ends;
    }

    private async Task<T> Ask<T>(Func<CancellationToken, Task<T>> question, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await question(cancellationToken);
            }
            catch (EventHubsException exception) when (exception.IsTransient)
            {
                LogHubAway(exception.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), clock, cancellationToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The hub does not answer ({Reason}); the silo waits for it.")]
    private partial void LogHubAway(string reason);
}

/// <summary>The hub is not the one that the storage has counted from.</summary>
internal sealed class LogMismatchException(string message) : Exception(message);
