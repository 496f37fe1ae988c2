using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Storage;

/// <summary>The store of the fast tests keeps the promises that they rely on.</summary>
public sealed class MemoryCountStoreTests : CountStoreContract
{
    private protected override ValueTask<ICountStore> NewStore() => new(new MemoryCountStore());
}
