using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Clustering;
using Orleans.Counter.Tables;
using Orleans.Providers;

[assembly: RegisterProvider("AzureTableStorage", "Clustering", "Silo", typeof(AzureTableClusteringProviderBuilder))]
[assembly: RegisterProvider("AzureTableStorage", "Clustering", "Client", typeof(AzureTableClusteringProviderBuilder))]

namespace Orleans.Counter.Clustering;

/// <summary>What <c>Orleans:Clustering:ProviderType=AzureTableStorage</c> means.</summary>
internal sealed class AzureTableClusteringProviderBuilder : IProviderBuilder<ISiloBuilder>, IProviderBuilder<IClientBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) => builder.UseAzureStorageClustering(
        (OptionsBuilder<AzureStorageClusteringOptions> options) => options.Configure<IServiceProvider>((table, services) => table.Configure(configurationSection, services)));

    public void Configure(IClientBuilder builder, string? name, IConfigurationSection configurationSection) => builder.UseAzureStorageClustering(
        (OptionsBuilder<AzureStorageGatewayOptions> options) => options.Configure<IServiceProvider>((table, services) => table.Configure(configurationSection, services)));
}
