using Microsoft.Extensions.Options;

namespace Orleans.Counter.Storage;

/// <summary>Rows of one shard -> Azure Table.</summary>
internal static class StorageStage
{
    public static IHostApplicationBuilder AddStorage(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>();
        builder.Services.AddOptions<CaptureOptions>().BindConfiguration(CaptureOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<CaptureOptions>, CaptureOptionsValidator>();
        builder.Services.AddSingleton<StorageInstruments>().AddSingleton<Patience>();
        builder.Services.AddSingleton<TableCountStore>().AddSingleton<ICountStore>(services => services.GetRequiredService<TableCountStore>());
        builder.Services.AddSingleton<TableRollupStore>().AddSingleton<IRollupStore>(services => services.GetRequiredService<TableRollupStore>());
        builder.Services.AddSingleton<BlobDeadLetterStore>().AddSingleton<IDeadLetterStore>(services => services.GetRequiredService<BlobDeadLetterStore>());
        builder.Services.AddSingleton<IDeadLetterBox>(services => services.GetRequiredService<BlobDeadLetterStore>());
        builder.Services.AddSingleton<BlobSightingStore>().AddSingleton<ISightingStore>(services => services.GetRequiredService<BlobSightingStore>());
        builder.Services.AddSingleton<BlobSegmentStore>().AddSingleton<ISegmentStore>(services => services.GetRequiredService<BlobSegmentStore>());
        builder.Services.AddSingleton<BlobOperationStore>().AddSingleton<IOperationStore>(services => services.GetRequiredService<BlobOperationStore>());
        builder.Services.AddSingleton<ICaptureStore, BlobCaptureStore>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, StoragePreparation>();
        return builder;
    }

    /// <summary>Makes tables and containers before anything is counted. While the storage is away, the silo waits here and is not ready.</summary>
    private sealed class StoragePreparation(TableCountStore counts, TableRollupStore rollups, BlobDeadLetterStore deadLetters, BlobSightingStore sightings, BlobSegmentStore segments, BlobOperationStore operations) : ILifecycleParticipant<ISiloLifecycle>
    {
        public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
            nameof(StoragePreparation), ServiceLifecycleStage.RuntimeStorageServices,
            cancellationToken => Task.WhenAll(
                counts.Prepare(cancellationToken), rollups.Prepare(cancellationToken), deadLetters.Prepare(cancellationToken), sightings.Prepare(cancellationToken), segments.Prepare(cancellationToken), operations.Prepare(cancellationToken)));
    }
}
