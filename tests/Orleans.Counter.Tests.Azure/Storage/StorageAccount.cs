using System.Diagnostics.Metrics;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>An account of Azurite that nobody else uses, and the stores that keep their rows in it.</summary>
internal sealed record StorageAccount(string Name, string Key, int TablePort, int BlobPort)
{
    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    /// <summary>What the stores have said about waiting.</summary>
    public PatienceLog Log { get; } = new();

    public string ConnectionString => $"DefaultEndpointsProtocol=http;AccountName={Name};AccountKey={Key};TableEndpoint={At(TablePort)};BlobEndpoint={At(BlobPort)};";

    private StorageOptions Options => new() { ConnectionString = ConnectionString };

    private Patience Patience => new(new HurriedTime(), Log);

    /// <summary>The account without a store before it.</summary>
    public TableServiceClient Tables => Options.Tables(retries: 0);

    /// <summary>The account without a store before it.</summary>
    public BlobServiceClient Blobs => Options.Blobs();

    /// <summary>A store whose tables are there.</summary>
    public async Task<TableCountStore> Store()
    {
        var store = new TableCountStore(Microsoft.Extensions.Options.Options.Create(Options), Patience, new(Meters));
        await store.Prepare(TestContext.Current.CancellationToken);
        return store;
    }

    /// <summary>A store whose container is there.</summary>
    public async Task<BlobDeadLetterStore> DeadLetters()
    {
        var store = new BlobDeadLetterStore(Microsoft.Extensions.Options.Options.Create(Options), Patience);
        await store.Prepare(TestContext.Current.CancellationToken);
        return store;
    }

    /// <summary>A store whose container is there.</summary>
    public async Task<BlobSightingStore> Sightings()
    {
        var store = new BlobSightingStore(Microsoft.Extensions.Options.Options.Create(Options), Patience);
        await store.Prepare(TestContext.Current.CancellationToken);
        return store;
    }

    /// <summary>A store whose container is there.</summary>
    public async Task<BlobOperationStore> Operations()
    {
        var store = new BlobOperationStore(Microsoft.Extensions.Options.Options.Create(Options), Patience);
        await store.Prepare(TestContext.Current.CancellationToken);
        return store;
    }

    /// <summary>What Capture has written into a container of the account.</summary>
    public BlobCaptureStore Captured(CaptureOptions capture) => new(Microsoft.Extensions.Options.Options.Create(capture), Microsoft.Extensions.Options.Options.Create(Options), Patience);

    /// <summary>A store whose tables are there, and the one whose rows it shares.</summary>
    public async Task<(TableCountStore Counts, TableRollupStore Rollups)> Rollups()
    {
        var store = new TableRollupStore(Microsoft.Extensions.Options.Options.Create(Options), Patience);
        await store.Prepare(TestContext.Current.CancellationToken);
        return (await Store(), store);
    }

    /// <summary>A store whose container is there.</summary>
    public async Task<BlobSegmentStore> Segments()
    {
        var store = new BlobSegmentStore(Microsoft.Extensions.Options.Options.Create(Options), Patience, new(Meters));
        await store.Prepare(TestContext.Current.CancellationToken);
        return store;
    }

    private Uri At(int port) => new($"http://127.0.0.1:{port}/{Name}");
}
