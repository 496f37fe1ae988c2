using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Storage;

public sealed class MemoryOperationsTests : OperationStoreContract
{
    private protected override Task<IOperationStore> New() => Task.FromResult<IOperationStore>(new MemoryOperations());
}
