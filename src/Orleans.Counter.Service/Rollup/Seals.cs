using System.Globalization;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Rollup;

/// <summary>Finds out up to which day no event can change anything any more.</summary>
internal sealed class Seals(Group group, ICountStore counts, LogIdentity log, LogEnds ends, RollupPlan plan)
{
    /// <summary>The last day that is sealed, and what holds back the next one that is not archived, if its time has come.</summary>
    /// <remarks>
    /// A shard that has stored everything up to a message which the hub took so late that nothing of the day can stand behind it has passed the day. One whose partition holds nothing that it has not stored has, too: whatever
    /// could still change the day was in the hub before it was asked.
    /// </remarks>
    public async Task<(DateOnly Through, HeldBack? HeldBack)> Find(DateOnly archivedThrough, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (through, heldBack) = (plan.SealedBy(now), default(HeldBack));
        var lastMessages = new Dictionary<int, Task<long>>();
        foreach (var shard in group.Shards)
        {
            var row = (await counts.ReadShard(shard, cancellationToken))?.Row;
            if (row is not null && plan.PassedBy(row.EnqueuedTime) >= through) continue;
            var (partition, stored) = (shard.Partition(log.PartitionCount), Position.Max(row?.Position ?? Position.Start, log.StartOf(shard)));
            if (!lastMessages.TryGetValue(partition, out var asked)) lastMessages[partition] = asked = ends.End(partition.ToString(CultureInfo.InvariantCulture));
            var last = await asked.WaitAsync(cancellationToken);
            if (Position.Of(log.Era, last) <= stored) continue;
            var passed = row is null ? DateOnly.MinValue : plan.PassedBy(row.EnqueuedTime);
            if (passed >= through) continue;
            through = passed;
            var day = (passed > archivedThrough ? passed : archivedThrough).AddDays(1);
            if (day <= plan.SealedBy(now)) heldBack = new(day, plan.SealsAt(day), shard.Number, partition, row is null
                ? $"Shard {shard} has stored nothing of partition {partition}, which holds messages up to {last}."
                : $"Shard {shard} has stored partition {partition} up to message {stored.SequenceNumber}, taken at {row.EnqueuedTime:u}; the partition goes on to {last}.");
        }

        return (through, heldBack);
    }
}
