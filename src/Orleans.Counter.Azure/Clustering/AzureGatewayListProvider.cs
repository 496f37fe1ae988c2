using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Tables;
using Orleans.Messaging;

namespace Orleans.Counter.Clustering;

/// <summary>The gateways that a client may talk to: silos that are active and have a port for clients.</summary>
internal sealed class AzureGatewayListProvider(
    IOptions<AzureStorageGatewayOptions> options, IOptions<ClusterOptions> cluster, IOptions<GatewayOptions> gateways, TimeProvider clock,
    ILogger<AzureGatewayListProvider> logger) : IGatewayListProvider
{
    private readonly TableClient _table = options.Value.Table();
    private readonly string _cluster = cluster.Value.ClusterId;

    public TimeSpan MaxStaleness { get; } = gateways.Value.GatewayListRefreshPeriod;

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => InitializeGatewayListProviderAsync(CancellationToken.None);

    public Task InitializeGatewayListProviderAsync(CancellationToken cancellationToken) => _table.Prepare(clock, logger, cancellationToken);

    public Task<IList<Uri>> GetGateways() => GetGatewaysAsync(CancellationToken.None);

    public async Task<IList<Uri>> GetGatewaysAsync(CancellationToken cancellationToken)
    {
        const string active = nameof(SiloStatus.Active);
        const string none = SiloRows.NoProxyPort;
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {_cluster} and Status eq {active} and ProxyPort ne {none}");
        var found = new List<Uri>();
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            // The boundary rows are active, too; Azure leaves them out because they have no port.
            if (SiloRows.IsSilo(row) && SiloRows.TryDecode(row, _table.Name, logger) is { } entry) found.Add(Gateway(entry));
        }

        return found;
    }

    private static Uri Gateway(MembershipEntry entry) => SiloAddress.New(entry.SiloAddress.Endpoint.Address, entry.ProxyPort, entry.SiloAddress.Generation).ToGatewayUri();
}
