using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Storage;

/// <summary>The store that other tests stand on.</summary>
public sealed class MemoryRollupStoreTests : RollupStoreContract
{
    private protected override ValueTask<(ICountStore Counts, IRollupStore Rollups)> NewStores()
    {
        var store = new MemoryCountStore();
        return new((store, store));
    }
}
