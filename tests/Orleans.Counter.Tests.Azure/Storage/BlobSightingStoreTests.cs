using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Storage;

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>The store of the service, in a storage that is real.</summary>
public sealed class BlobSightingStoreTests(Azurite azurite) : SightingStoreContract
{
    private protected override async ValueTask<ISightingStore> NewStore() => await (await azurite.NewAccount()).Sightings();
}
