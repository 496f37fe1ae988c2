using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Storage;

namespace Orleans.Counter.Tests.Azure.Storage;

public sealed class BlobOperationStoreTests(Azurite azurite) : OperationStoreContract
{
    private protected override async Task<IOperationStore> New() => await (await azurite.NewAccount()).Operations();
}
