using Microsoft.Extensions.DependencyInjection;
using Orleans.Counter.Counting;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;
using Orleans.Counter.Tests;
using Orleans.TestingHost;

namespace Orleans.Counter.Benchmarks.Stages;

/// <summary>Everything behind the hub in one silo of this process, on a hub and a store in memory: what Orleans adds to the stages.</summary>
internal sealed class MemoryRiver : IAsyncDisposable
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(2);
    private readonly InProcessTestCluster _cluster;
    private readonly MemoryHub _hub;

    private MemoryRiver(InProcessTestCluster cluster, MemoryHub hub) => (_cluster, _hub) = (cluster, hub);

    /// <summary>Calls its grains as they call each other: without a network.</summary>
    public IGrainFactory Grains => _cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>();

    public static async Task<MemoryRiver> Start()
    {
        var hub = new MemoryHub(StageData.Partitions, TimeProvider.System);
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSiloHost((_, host) =>
        {
            var store = new MemoryCountStore();
            host.Services.AddSingleton<ICountStore>(store).AddSingleton<IRollupStore>(store).AddSingleton<ISegmentStore>(new MemorySegmentStore()).AddSingleton<IDeadLetterStore>(new MemoryDeadLetters()).AddSingleton<ISightingStore>(new MemorySightings());
            host.Services.AddSingleton<IEventHub>(hub).AddSingleton(TimeProvider.System);
            host.AddStreaming().AddCounting();
            host.Services.Configure<CountingOptions>(options => options.CheckpointEvery = TimeSpan.FromMinutes(5)); // Checkpoints are measured with the real store.
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster, hub);
    }

    /// <summary>Puts frames into the log, and waits until every shard has counted them.</summary>
    public async Task Count(IReadOnlyList<PartitionFrame> frames)
    {
        foreach (var frame in frames) _hub.Append(frame.PartitionId, new(frame.Bytes, null));
        foreach (var shard in Shard.All)
        {
            var end = Position.Of(0, _hub.Log($"{shard.Partition(StageData.Partitions)}").Count - 1);
            while ((await Grains.GetGrain<IShardGrain>(shard.ToString()).Progress()).Counted < end) await Task.Delay(AskAgainAfter);
        }
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();
}
