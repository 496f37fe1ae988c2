using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Counter.Counting;
using Orleans.Counter.EventHubStreams;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>One process of the service: what its grains and its readers share, made as its stages make it. It sees the members that it saw last.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A process ends without disposing of anything.")]
internal sealed class SimSilo : IClusterMembershipService, ILocalSiloDetails, IEventHubDataAdapter
{
    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
    private static readonly CountingInstruments Counting = new(Meters, new(Options.Create(new CountingOptions())));
    private static readonly StorageInstruments Storing = new(Meters);
    private static readonly StreamingInstruments Streaming = new(Meters, TimeProvider.System);

    private readonly SimCluster _cluster;
    private readonly Sightings _sightings;
    private readonly DeadLetters _deadLetters;
    private readonly ShardHomes _homes;
    private readonly LocalShards _awake;
    private readonly LogEnds _ends;
    private readonly CountingGates _gates;
    private readonly AwakeVideos _videos;
    private readonly IOptions<CountingOptions> _options;
    private readonly IOptions<AcceptanceOptions> _acceptance = Options.Create(new AcceptanceOptions { Window = Recount.Window });

    public SimSilo(SimCluster cluster, int number)
    {
        _cluster = cluster;
        SiloAddress = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111 + number), number);
        Background = new(cluster.World);
        var patience = new Patience(cluster.World, NullLogger<Patience>.Instance, cluster.World.Random);
        Store = new(cluster.Tables.Client(), cluster.Tables.Client(), transactionsAtOnce: 256, patience, Storing, Background);
        Rollups = new(cluster.Tables.Client(), cluster.Tables.Client(), patience);
        _sightings = new(
            cluster.Sightings, Log, Options.Create(new StreamingOptions { WriteSightingsEvery = TimeSpan.FromMinutes(2) }), Streaming, cluster.World, NullLogger<Sightings>.Instance, Background);
        _deadLetters = new(cluster.Letters, _acceptance, Streaming, NullLogger<DeadLetters>.Instance);
        _homes = new(this, this);
        _awake = new(this, this, NullLogger<LocalShards>.Instance);
        _options = Options.Create(new CountingOptions { CheckpointEvery = TimeSpan.FromMinutes(2), CheckpointsAtOnce = 256, VideosKept = Shard.Count, VideosAwakeMax = cluster.World.Random.Next(4) == 0 ? 1 + cluster.World.Random.Next(4) : 1_000 });
        _videos = new(_options);
        _gates = new(_options);
        _ends = new(cluster.Hub, cluster.World, Background);
        CurrentSnapshot = cluster.Members;
    }

    public LogIdentity Log { get; } = new();

    public TableCountStore Store { get; }

    public TableRollupStore Rollups { get; }

    /// <summary>What a process does beside its grains.</summary>
    public Turns Background { get; }

    public List<Activation> Activations { get; } = [];

    public List<SimAgent> Agents { get; } = [];

    /// <summary>True after the others have declared it dead. Perhaps it is not.</summary>
    public bool IsExpelled { get; set; }

    public SiloAddress SiloAddress { get; }

    public ClusterMembershipSnapshot CurrentSnapshot { get; set; }

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

    public string Name => SiloAddress.ToString();

    public string ClusterId => "simulated";

    public string DnsHostName => "localhost";

    public SiloAddress GatewayAddress => SiloAddress;

    /// <summary>Everything that happens in this process.</summary>
    public IEnumerable<Turns> Everything => [Background, .. Activations.Select(activation => activation.Turns), .. Agents.Select(agent => agent.Turns)];

    public Grain Create(Activation activation) => activation.IsShard
        ? new ShardGrain(Store, Log, _homes, _awake, _ends, _gates, _options, _cluster.World, Counting, NullLogger<ShardGrain>.Instance)
        : new VideoGrain(Store, _cluster.Segments, Rollups, _cluster.Letters, Log, _homes, _videos, _gates, _acceptance, _cluster.World, Counting);

    public IPartitionDataAdapter TakeOver(string partitionId) => new CounterPartition(partitionId, Log, Store, _deadLetters, _sightings, Streaming, _cluster.World);

    public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();

    public void Die()
    {
        foreach (var turns in Everything) turns.Die();
    }

    public static ClusterMembershipSnapshot Snapshot(IEnumerable<SimSilo> silos, long version) =>
        new(silos.ToImmutableDictionary(silo => silo.SiloAddress, silo => new ClusterMember(silo.SiloAddress, SiloStatus.Active, silo.Name)), new(version));
}
