using Orleans.Counter.EventHubs;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Streaming;

/// <summary>Compares the hub with what the storage has counted of it, before anything is read: a hub that was made anew would be skipped as already counted.</summary>
internal sealed partial class LogCheck(IEventHub hub, ICountStore store, LogIdentity identity, TimeProvider clock, ILogger<LogCheck> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private const string Remedy = "Give the service the hub that it has counted from, or an empty storage.";

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(LogCheck), ServiceLifecycleStage.RuntimeGrainServices, Check);

    /// <summary>Waits for hub and storage, then compares them.</summary>
    /// <exception cref="LogMismatchException">They do not belong together; the service must not start.</exception>
    public async Task Check(CancellationToken cancellationToken)
    {
        var found = await Ask(hub.GetProperties, cancellationToken);
        var known = await store.ReadLog(cancellationToken)
            ?? await store.AddLog(new(found.Name, found.CreatedAt, found.PartitionIds.Count, Era: 0), cancellationToken);
        if (found.CreatedAt != known.CreatedAt || found.PartitionIds.Count != known.PartitionCount)
            throw new LogMismatchException(
                $"The storage has counted from hub '{known.Hub}', made at {known.CreatedAt:O} with {known.PartitionCount} partitions; " +
                $"this is '{found.Name}', made at {found.CreatedAt:O} with {found.PartitionIds.Count} partitions. {Remedy}");
        await CheckEnds(found, known, cancellationToken);
        identity.Is(known.Era, known.PartitionCount, known.CreatedAt);
    }

    private async Task CheckEnds(HubProperties found, LogRow known, CancellationToken cancellationToken)
    {
        // The checkpoints first: while other silos count, those that are asked for later may be beyond the ends that were asked for before.
        var checkpoints = await Task.WhenAll(Shard.All.Select(async shard => (Shard: shard, Checkpoint: (await store.ReadShard(shard, cancellationToken))?.Row)));
        var ends = new long[found.PartitionIds.Count];
        for (var i = 0; i < ends.Length; i++) ends[i] = (await Ask(token => hub.GetPartitionProperties(found.PartitionIds[i], token), cancellationToken)).LastSequenceNumber;
        foreach (var (shard, checkpoint) in checkpoints)
        {
            if (checkpoint is null || checkpoint.Position.Era != known.Era) continue;
            var partition = shard.Partition(ends.Length);
            if (checkpoint.Position.SequenceNumber > ends[partition])
                throw new LogMismatchException(
                    $"Shard {shard} has stored everything up to message {checkpoint.Position.SequenceNumber} of partition {partition}, but the hub's last is {ends[partition]}. {Remedy}");
        }
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
