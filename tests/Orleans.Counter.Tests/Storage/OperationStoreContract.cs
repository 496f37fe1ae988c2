using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

/// <summary>What every store of operations promises.</summary>
public abstract class OperationStoreContract
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_written_last_is_read_and_whoever_has_read_something_older_is_refused()
    {
        var store = await New();
        Assert.Null(await store.Read("a", Token));

        var first = await store.Write("a", new byte[] { 1 }, null, Token);
        var second = await store.Write("a", new byte[] { 2, 3 }, first, Token);

        var stands = (await store.Read("a", Token))!;
        Assert.Equal([2, 3], stands.Row.ToArray());
        Assert.Equal(second, stands.Version);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.Write("a", new byte[] { 4 }, first, Token));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.Write("a", new byte[] { 4 }, null, Token));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.Write("b", new byte[] { 4 }, first, Token));
        Assert.Equal([2, 3], (await store.Read("a", Token))!.Row.ToArray());
    }

    private protected abstract Task<IOperationStore> New();
}
