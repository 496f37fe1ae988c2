using Orleans.Counter.Counting;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Audit;

/// <summary>The weak audit: adds up the ledgers of all shards. Costs a call to each, and a point read for one that has just woken up; says nothing about any single video.</summary>
internal sealed class Canary(IGrainFactory grains, ICountStore store, TimeProvider clock)
{
    public async Task<AuditAnswer> Ask(CancellationToken cancellationToken)
    {
        var asOf = clock.GetUtcNow();
        var ledgers = await Task.WhenAll(Shard.All.Select(shard => Ledgers(shard, cancellationToken)));
        var (counted, stored, imported, repaired) = ledgers.Aggregate((sum, one) => (sum.Counted + one.Counted, sum.Stored + one.Stored, sum.Imported + one.Imported, sum.Repaired + one.Repaired));
        return new(counted.Events, stored.Counted, stored.Duplicates, stored.DeadLettered, counted.Events - stored.Events, stored.Difference, imported, repaired, asOf);
    }

    private async Task<(Ledger Counted, Ledger Stored, long Imported, long Repaired)> Ledgers(Shard shard, CancellationToken cancellationToken)
    {
        var progress = await grains.GetGrain<IShardGrain>(shard.ToString()).Progress(cancellationToken);
        if (progress.Counted > Position.Start) return (progress.CountedLedger, progress.StoredLedger, progress.Imported, progress.Repaired);
        var row = (await store.ReadShard(shard, cancellationToken))?.Row.Ledger ?? default; // No range has reached it since it woke up.
        return (row, row, progress.Imported, progress.Repaired);
    }
}
