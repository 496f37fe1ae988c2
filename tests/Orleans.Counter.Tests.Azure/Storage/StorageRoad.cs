namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>The road between a store and the storage.</summary>
internal abstract class StorageRoad(StorageAccount account) : Orleans.Counter.Cli.Chaos.StorageRoad(account.TablePort)
{
    /// <summary>The account as it is reached by this road.</summary>
    public StorageAccount Account => account with { TablePort = Port };
}
