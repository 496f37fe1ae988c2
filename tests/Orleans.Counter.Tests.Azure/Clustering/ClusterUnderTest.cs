using System.Net;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Clustering;
using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Clustering;

/// <summary>A cluster of which only the membership exists, under an id that nobody else uses.</summary>
internal sealed class ClusterUnderTest(TableServiceClient account, string id)
{
    private static int _generation = 1_000_000;

    public string Id => id;

    /// <summary>The table as somebody with a tool sees it.</summary>
    public TableClient Raw { get; } = account.GetTableClient("OrleansSiloInstances");

    public IMembershipTable Table { get; } = new AzureMembershipTable(
        Options.Create(new AzureStorageClusteringOptions { TableServiceClient = account }), Of(id), new HurriedTime(), NullLogger<AzureMembershipTable>.Instance);

    public AzureGatewayListProvider Gateways { get; } = new(
        Options.Create(new AzureStorageGatewayOptions { TableServiceClient = account }), Of(id), Options.Create(new GatewayOptions()), new HurriedTime(),
        NullLogger<AzureGatewayListProvider>.Instance);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static string NewId() => $"cluster-{Guid.NewGuid():n}";

    /// <summary>A cluster that is initialized and empty.</summary>
    public static async Task<ClusterUnderTest> Start(TableServiceClient account, string? id = null)
    {
        var cluster = new ClusterUnderTest(account, id ?? NewId());
        await cluster.Table.InitializeMembershipTableAsync(true, Token);
        return cluster;
    }

    /// <summary>A silo that nobody has seen; its times are of whole seconds.</summary>
    public static MembershipEntry NewSilo(SiloStatus status = SiloStatus.Joining, int proxyPort = 30_000, TimeSpan age = default)
    {
        var seen = DateTime.UnixEpoch.AddSeconds(DateTimeOffset.UtcNow.ToUnixTimeSeconds()) - age;
        return new()
        {
            SiloAddress = SiloAddress.New(IPAddress.Loopback, 11_111, Interlocked.Increment(ref _generation)),
            HostName = "host",
            SiloName = "silo",
            Status = status,
            ProxyPort = proxyPort,
            StartTime = seen,
            IAmAliveTime = seen,
        };
    }

    public Task<MembershipTableData> Read() => Table.ReadAllAsync(Token);

    public async Task<MembershipEntry> Add(MembershipEntry silo)
    {
        Assert.True(await Table.InsertRowAsync(silo, (await Read()).Version.Next(), Token));
        return silo;
    }

    private static IOptions<ClusterOptions> Of(string id) => Options.Create(new ClusterOptions { ClusterId = id, ServiceId = "service" });
}
