using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Counter.Tests.Azure.Storage;
using Orleans.Messaging;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Clustering;

/// <summary>Silos and clients that are told by configuration alone where their cluster is.</summary>
public sealed class ConfigurationTests(Azurite azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_silo_and_a_client_find_each_other_by_a_connection_string()
    {
        var account = await azurite.NewAccount();
        var configuration = Hosts.Configuration(("Clustering:ConnectionString", account.ConnectionString));

        using var silo = Hosts.Silo(configuration);
        await silo.StartAsync(Token);
        using var client = Hosts.Client(configuration);
        await client.StartAsync(Token);

        var hosts = await client.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(0).GetHosts(false, Token);
        Assert.Equal(SiloStatus.Active, Assert.Single(hosts).Value);
        await client.StopAsync(Token);
        await silo.StopAsync(Token);
        var row = Assert.Single(await Silos(account.Tables.GetTableClient("OrleansSiloInstances")));
        Assert.Equal("Dead", row["Status"]);
    }

    [Fact]
    public async Task A_client_of_the_account_may_be_registered_by_name_and_the_table_may_have_another_one()
    {
        var account = await azurite.NewAccount();
        var configuration = Hosts.Configuration(("Clustering:ServiceKey", "tables"), ("Clustering:TableName", "Members"));

        using var silo = Hosts.Silo(configuration, silo => silo.Services.AddKeyedSingleton("tables", account.Tables));
        await silo.StartAsync(Token);
        await silo.StopAsync(Token);

        Assert.Single(await Silos(account.Tables.GetTableClient("Members")));
    }

    [Fact]
    public void A_connection_may_be_named()
    {
        using var client = Hosts.Client(
            [.. Hosts.Configuration(("Clustering:ConnectionName", "tables")), new("ConnectionStrings:tables", "UseDevelopmentStorage=true")]);

        Assert.Equal("devstoreaccount1", Gateways(client).AccountName);
    }

    [Fact]
    public void An_address_is_reached_with_the_identity_of_the_process()
    {
        using var client = Hosts.Client(Hosts.Configuration(("Clustering:ConnectionString", "https://account.table.core.windows.net")));

        Assert.Equal(new Uri("https://account.table.core.windows.net"), Gateways(client).Uri);
        Assert.IsType<Counter.Clustering.AzureGatewayListProvider>(client.Services.GetRequiredService<IGatewayListProvider>());
    }

    [Fact]
    public async Task A_silo_without_an_account_does_not_start_and_says_what_is_missing()
    {
        using var silo = Hosts.Silo(Hosts.Configuration());

        var refused = await Assert.ThrowsAsync<OrleansConfigurationException>(() => silo.StartAsync(Token));

        Assert.Contains("ConnectionString", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_whose_table_cannot_have_its_name_does_not_start()
    {
        using var silo = Hosts.Silo(Hosts.Configuration(("Clustering:ConnectionString", "UseDevelopmentStorage=true"), ("Clustering:TableName", "silo-instances")));

        var refused = await Assert.ThrowsAsync<OrleansConfigurationException>(() => silo.StartAsync(Token));

        Assert.Contains("silo-instances", refused.Message, StringComparison.Ordinal);
    }

    private static TableServiceClient Gateways(IHost client) =>
        client.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<AzureStorageGatewayOptions>>().Value.TableServiceClient!;

    private static async Task<List<TableEntity>> Silos(TableClient table) =>
        await table.QueryAsync<TableEntity>("Address ne ''", cancellationToken: Token).ToListAsync(Token);
}
