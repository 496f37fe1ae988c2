using System.Net.Sockets;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Storage;
using Orleans.Messaging;

namespace Orleans.Counter.Streaming;

/// <summary>The service counts from another log from now on: a hub that was made anew, that has more partitions than before, or that lost its end.</summary>
/// <remarks>
/// Positions of the era before are before everything in the new one, so what was counted stays counted. Nothing of the old log is read any more, and what its last minutes have
/// seen is forgotten: an event that is sent again across the change counts again.
/// </remarks>
internal sealed class LogAdvance(IEventHub hub, ICountStore store, LogCheck check, IGatewayListProvider silos, TimeProvider clock)
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(2);

    /// <summary>Begins the next era with the hub that the settings name.</summary>
    /// <param name="acceptLoss">Also if the old log still holds messages that were not counted.</param>
    /// <param name="cancellationToken">Gives up; nothing is changed then.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="LogAdvanceException">Nothing was changed: a silo still runs, or messages would be lost.</exception>
    public async Task<string> Run(bool acceptLoss, CancellationToken cancellationToken)
    {
        if (await store.ReadLog(cancellationToken) is not { } known) return "Nothing has been counted yet: there is nothing to advance from.";
        var found = await hub.GetProperties(cancellationToken);
        if (await check.Mismatch(found, known, cancellationToken) is null) return $"The storage counts from hub '{found.Name}' already (era {known.Era}).";
        await NobodyCounts(cancellationToken);

        var isSame = found.CreatedAt == known.CreatedAt; // It has grown, or has lost its end; all that it holds belongs to the eras before.
        var ends = await check.Ends(found, cancellationToken);
        var checkpoints = await check.Checkpoints(known, cancellationToken);
        var left = isSame ? NotCounted(known, ends, checkpoints) : [];
        if (left.Count > 0 && !acceptLoss)
            throw new LogAdvanceException(
                $"Not everything in the log is counted: {string.Join("; ", left)}. Start the service once more with the hub as it was, until it has caught up; or give these up with --accept-loss.");

        var starts = Enumerable.Range(0, found.PartitionIds.Count).Select(partition => isSame && partition < known.PartitionCount ? ends[partition] : -1);
        var next = new LogRow(found.Name, found.CreatedAt, found.PartitionIds.Count, known.Era + 1, [.. starts], clock.GetUtcNow());
        await store.AdvanceLog(next, cancellationToken);
        var stored = Enumerable.Range(0, known.PartitionCount).Select(partition => $"{partition}: {Least(known, checkpoints, partition)}");
        return $"""
            The storage counts from hub '{next.Hub}' with {next.PartitionCount} partitions from now on, as era {next.Era}.
            Era {known.Era}, of hub '{known.Hub}' with {known.PartitionCount} partitions, is counted up to these messages, of partition {string.Join(", ", stored)}.
            {(isSame ? left.Count > 0 ? $"Given up: {string.Join("; ", left)}." : "That was all of it." : "Whether that was all of it cannot be asked of this hub.")}
            """;
    }

    /// <exception cref="LogAdvanceException">A silo answers.</exception>
    private async Task NobodyCounts(CancellationToken cancellationToken)
    {
        await silos.InitializeGatewayListProvider();
        foreach (var silo in await silos.GetGateways())
        {
            using var socket = new TcpClient();
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(AnswersWithin);
            try
            {
                await socket.ConnectAsync(silo.Host, silo.Port, patience.Token);
            }
            catch (Exception failure) when (failure is SocketException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                continue; // It has died, and nobody was left to say so.
            }

            throw new LogAdvanceException($"A silo still runs: {silo.Host}:{silo.Port} answers. It would go on with the old log: stop all silos and APIs first.");
        }
    }

    private static List<string> NotCounted(LogRow known, IReadOnlyList<long> ends, IReadOnlyList<(Shard Shard, Position Checkpoint)> checkpoints) =>
        [.. Enumerable.Range(0, Math.Min(known.PartitionCount, ends.Count))
            .Where(partition => Least(known, checkpoints, partition) < ends[partition])
            .Select(partition => $"partition {partition} from message {Least(known, checkpoints, partition) + 1} to {ends[partition]}")];

    private static long Least(LogRow known, IReadOnlyList<(Shard Shard, Position Checkpoint)> checkpoints, int partition) =>
        checkpoints.Where(one => one.Shard.Partition(known.PartitionCount) == partition).Min(one => one.Checkpoint.SequenceNumber);
}

/// <summary>The log was not advanced, and nothing was changed.</summary>
internal sealed class LogAdvanceException(string message) : Exception(message);
