using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Storage;

public sealed class MemorySightingsTests : SightingStoreContract
{
    private protected override ValueTask<ISightingStore> NewStore() => new(new MemorySightings());
}
