using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Storage;

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>The store of the service, in a storage that is real.</summary>
public sealed class TableCountStoreTests(Azurite azurite) : CountStoreContract
{
    private protected override async ValueTask<ICountStore> NewStore() => await (await azurite.NewAccount()).Store();
}
