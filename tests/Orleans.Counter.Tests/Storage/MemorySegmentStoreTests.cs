using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Storage;

/// <summary>The store that other tests stand on.</summary>
public sealed class MemorySegmentStoreTests : SegmentStoreContract
{
    private protected override ValueTask<ISegmentStore> NewStore() => new(new MemorySegmentStore());
}
