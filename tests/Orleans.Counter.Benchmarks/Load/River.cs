using System.Globalization;
using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Counter.Counting;
using Orleans.Counter.Rollup;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Benchmarks.Load;

/// <summary>Talks to the grains of the service. How far it is, without disturbing it: the hub says where its partitions end, and each shard how far it has counted and stored.</summary>
internal sealed class River : IAsyncDisposable
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(10);
    private readonly IHost _client;
    private readonly AmqpEventHub _hub;
    private readonly TableServiceClient _tables;

    private River(IHost client, AmqpEventHub hub, TableServiceClient tables) => (_client, _hub, _tables) = (client, hub, tables);

    public static async Task<River> Connect(LocalCounter counter, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client => client.UseLocalhostClustering(counter.GatewayPorts, serviceId: "counter", clusterId: "counter"));
        var host = builder.Build();
        await host.StartAsync(cancellationToken);
        var hub = new AmqpEventHub(EventHubConnectionOptions.FromConnectionString(counter.HubConnectionString, "events"), TimeProvider.System, NullLogger<AmqpEventHub>.Instance);
        return new(host, hub, new(counter.StorageConnectionString));
    }

    /// <summary>The last sequence number of each partition.</summary>
    public async Task<long[]> Ends(CancellationToken cancellationToken)
    {
        var partitions = (await _hub.GetProperties(cancellationToken)).PartitionIds;
        var ends = new long[partitions.Count];
        for (var i = 0; i < ends.Length; i++) ends[i] = (await _hub.GetPartitionProperties(i.ToString(CultureInfo.InvariantCulture), cancellationToken)).LastSequenceNumber;
        return ends;
    }

    /// <summary>Waits until everything up to these ends can be seen in counts.</summary>
    public Task Counted(long[] ends, CancellationToken cancellationToken) => Until(ends, progress => progress.Counted, cancellationToken);

    /// <summary>Waits until everything up to these ends is in the table.</summary>
    public Task Stored(long[] ends, CancellationToken cancellationToken) => Until(ends, progress => progress.Stored, cancellationToken);

    /// <summary>Reads the checkpoints that stand in the table.</summary>
    /// <exception cref="BenchmarkFailedException">One is missing, or not at the end of its partition.</exception>
    public async Task VerifyCheckpoints(long[] ends, CancellationToken cancellationToken)
    {
        foreach (var shard in Shard.All)
        {
            var row = await _tables.GetTableClient(TableLayout.Table(shard))
                .GetEntityIfExistsAsync<TableEntity>(TableLayout.PartitionKey(shard), TableLayout.CheckpointKey, cancellationToken: cancellationToken);
            var end = Position.Of(0, ends[shard.Partition(ends.Length)]);
            if (!row.HasValue || RowCodec.DecodeShard(row.Value!).Position is var position && position < end)
                throw new BenchmarkFailedException($"Shard {shard} has no checkpoint at {end} in the table.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _client.StopAsync(soon.Token);
        _client.Dispose();
    }

    /// <summary>Has every group rolled up, and waits until it is done.</summary>
    public Task RollUp(CancellationToken cancellationToken)
    {
        var grains = _client.Services.GetRequiredService<IGrainFactory>();
        return Task.WhenAll(Group.All.Select(group => grains.GetGrain<IRollupGrain>(group.ToString()).Run(cancellationToken).AsTask()));
    }

    // One shard after the other: whoever waits asks only one, so that asking costs nothing, and the last one to be there decides.
    private async Task Until(long[] ends, Func<Progress, Position> reached, CancellationToken cancellationToken)
    {
        var grains = _client.Services.GetRequiredService<IGrainFactory>();
        using var tooLong = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        tooLong.CancelAfter(WaitMax);
        using var ticks = new PeriodicTimer(AskAgainAfter);
        foreach (var shard in Shard.All)
        {
            var end = Position.Of(0, ends[shard.Partition(ends.Length)]);
            var grain = grains.GetGrain<IShardGrain>(shard.ToString());
            while (reached(await grain.Progress(CancellationToken.None)) is var position && position < end)
            {
                if (tooLong.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                    throw new BenchmarkFailedException($"After {WaitMax}, shard {shard} is at {position} and not at {end}.");
                await ticks.WaitForNextTickAsync(cancellationToken); // A shard tells nobody that it has stored.
            }
        }
    }
}
