using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Counting;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Query;
using Orleans.Counter.Recount;
using Orleans.Counter.Rollup;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;
using Orleans.TestingHost;

namespace Orleans.Counter.Tests;

/// <summary>The stages behind the hub in silos of this process, one if nothing else is said, on a hub and a store in memory. Everything else is what production runs.</summary>
internal sealed class CounterCluster : IAsyncDisposable
{
    public const int Partitions = 2;

    private readonly InProcessTestCluster _cluster;

    private CounterCluster(InProcessTestCluster cluster, MemoryHub hub, MemoryCountStore store, MemorySegmentStore segments, MemoryDeadLetters deadLetters, HubAgain again, MemoryCapture capture, MemoryOperations operations, TimeProvider clock)
    {
        _cluster = cluster;
        (Hub, Store, Segments, DeadLetters) = (hub, store, segments, deadLetters);
        (HubAgain, Capture, Operations) = (again, capture, operations);
        Counts = MemoryTiers.Counts(cluster.Client, store, segments, clock);
    }

    public MemoryHub Hub { get; }

    public MemoryCountStore Store { get; }

    public MemoryDeadLetters DeadLetters { get; }

    public MemorySegmentStore Segments { get; }

    public HubAgain HubAgain { get; }

    public MemoryCapture Capture { get; }

    public MemoryOperations Operations { get; }

    public VideoCounts Counts { get; }

    public IGrainFactory Grains => _cluster.Client;

    public static async Task<CounterCluster> Start(
        MemoryCountStore? store = null, MemoryHub? hub = null, TimeProvider? clock = null, TimeSpan? checkpointEvery = null, short silos = 1, MemorySightings? sightings = null, IEventHub? readers = null, TimeSpan? beat = null,
        Action<CountingOptions>? counting = null, MemorySegmentStore? segments = null, bool rollup = false, MemoryDeadLetters? setAside = null, MemoryOperations? operations = null)
    {
        clock ??= TimeProvider.System;
        var (counts, cold, events, letters) = (store ?? new MemoryCountStore(), segments ?? new MemorySegmentStore(), hub ?? new MemoryHub(Partitions, clock), setAside ?? new MemoryDeadLetters());
        var (again, capture, kept) = (new HubAgain(events), new MemoryCapture(), operations ?? new MemoryOperations());
        var builder = new InProcessTestClusterBuilder(silos);
        builder.Options.ConfigureFileLogging = false;
        if (rollup) builder.ConfigureSilo((_, silo) => silo.UseInMemoryReminderService());
        builder.ConfigureSiloHost((_, host) =>
        {
            host.Services.AddSingleton<ICountStore>(counts).AddSingleton<IRollupStore>(counts).AddSingleton<ISegmentStore>(cold).AddSingleton<IDeadLetterStore>(letters).AddSingleton<ISightingStore>(sightings ?? new MemorySightings()).AddSingleton(readers ?? events).AddSingleton(clock);
            host.Services.AddKeyedSingleton<IEventHub>(EventHub.Again, again).AddSingleton<ICaptureStore>(capture).AddSingleton<IOperationStore>(kept);
            host.AddAcceptance().AddStreaming().AddCounting().AddRollup().AddRecount();
            if (!rollup) host.Services.Remove(host.Services.Single(service => service.ImplementationType == typeof(RollupStart))); // Nobody is woken here by himself.
            host.Services.Configure<CountingOptions>(options => options.CheckpointEvery = checkpointEvery ?? TimeSpan.FromMilliseconds(100));
            if (counting is not null) host.Services.Configure(counting);
            host.Services.Configure<EventHubReceiverOptions>(StreamNames.Provider, options =>
            {
                options.Beat = beat ?? TimeSpan.FromMilliseconds(100);
                options.Linger = TimeSpan.FromMilliseconds(5);
                options.Gather = TimeSpan.FromMilliseconds(20);
                options.RetryAfter = TimeSpan.FromMilliseconds(100);
            });
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new(cluster, events, counts, cold, letters, again, capture, kept, clock);
    }

    /// <summary>Puts the events into the log, a frame for each partition.</summary>
    public void Send(params IReadOnlyList<Event> events)
    {
        foreach (var partition in events.GroupBy(one => Shard.Of(one.Video).Partition(Partitions)))
            Hub.Append(partition.Key.ToString(CultureInfo.InvariantCulture), Events.Frame([.. partition]).Data());
    }

    /// <summary>Adds a silo, and returns when all know it.</summary>
    public async Task<InProcessSiloHandle> Join()
    {
        var silo = await _cluster.StartAdditionalSiloAsync();
        await _cluster.WaitForLivenessToStabilizeAsync();
        return silo;
    }

    /// <summary>Asks a silo to leave, and returns when it has.</summary>
    public Task Leave(InProcessSiloHandle silo) => _cluster.StopSiloAsync(silo);

    /// <summary>Ends a silo without giving it the time to store anything.</summary>
    public Task Kill(InProcessSiloHandle silo) => _cluster.KillSiloAsync(silo);

    public IReadOnlyList<InProcessSiloHandle> Silos => [.. _cluster.Silos];

    /// <summary>How many videos the silos hold for awake.</summary>
    public int VideosAwake => Silos.Sum(silo => _cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<AwakeVideos>().Count);

    /// <summary>How many videos a shard remembers.</summary>
    public int VideosKept(Shard shard) => _cluster.TryGetGrainContext(_cluster.Client.GetGrain<IShardGrain>(shard.ToString()).GetGrainId(), out var context) ? ((ShardGrain)context.GrainInstance!).VideosKept : 0;

    /// <summary>Where a grain is awake; null if it sleeps.</summary>
    public SiloAddress? HomeOf(IAddressable grain) => _cluster.TryGetGrainContext(grain.GetGrainId(), out var context) ? context.Address.SiloAddress : null;

    /// <summary>Makes the shards store this often from now on. They begin anew for it, with everything stored.</summary>
    public async Task Pace(TimeSpan checkpointEvery)
    {
        foreach (var silo in Silos) _cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<IOptions<CountingOptions>>().Value.CheckpointEvery = checkpointEvery;
        await Task.WhenAll(Shard.All.Select(Forget));
    }

    public Task Forget(VideoId video) => _cluster.DeactivateAsync(_cluster.Client.GetGrain<IVideoGrain>(video.Value));

    public Task Forget(Shard shard) => _cluster.DeactivateAsync(_cluster.Client.GetGrain<IShardGrain>(shard.ToString()));

    /// <summary>Puts a recount to sleep, wherever it is with its work.</summary>
    public Task Forget(IRecountGrain recount) => _cluster.DeactivateAsync(recount);

    /// <summary>Asks until so many views of the video can be seen; a silo that has just gone answers nothing, and is asked again.</summary>
    public async Task Visible(VideoId video, long count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await Views() != count) patience.Token.ThrowIfCancellationRequested();

        async Task<long?> Views()
        {
            try
            {
                return await Counts.Count(video, EventType.View, MinuteRange.Everything, Seen.Anything, patience.Token);
            }
            catch (OrleansException)
            {
                return null;
            }
        }
    }

    /// <summary>All minutes of a video in which there were views.</summary>
    public async Task<IEnumerable<(Minute Minute, Cell Cell)>> Minutes(VideoId video) =>
        (await Counts.Series(video, EventType.View, new(MinuteRange.Everything, Granularity.Minute, WallClock.Utc), Seen.Anything, default)).Select(minute => (minute.Granule.From, minute.Cell));

    /// <summary>Waits until every shard has stored everything that the log holds.</summary>
    public Task Stored()
    {
        long[] ends = [.. Hub.PartitionIds.Select(partition => (long)Hub.Log(partition).Count - 1)];
        return Store.Until(store => Shard.All.All(shard => (store.CheckpointOf(shard)?.Position ?? Position.Start) >= Position.Of(0, ends[shard.Partition(Partitions)])));
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();
}
