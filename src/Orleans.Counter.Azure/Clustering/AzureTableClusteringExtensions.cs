using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Clustering;
using Orleans.Messaging;

namespace Orleans.Hosting;

/// <summary>Lets silos find each other, and clients find silos, by a table in Azure Storage.</summary>
/// <remarks>Names, options, keys and columns are those of the official provider. Clusters with different ids share a table without seeing each other.</remarks>
public static class AzureTableClusteringExtensions
{
    /// <summary>Keeps the membership of the cluster in Azure Table storage.</summary>
    public static ISiloBuilder UseAzureStorageClustering(this ISiloBuilder builder, Action<AzureStorageClusteringOptions> configureOptions) =>
        builder.UseAzureStorageClustering((OptionsBuilder<AzureStorageClusteringOptions> options) => options.Configure(configureOptions));

    /// <inheritdoc cref="UseAzureStorageClustering(ISiloBuilder, Action{AzureStorageClusteringOptions})"/>
    public static ISiloBuilder UseAzureStorageClustering(this ISiloBuilder builder, Action<OptionsBuilder<AzureStorageClusteringOptions>> configureOptions) =>
        builder.ConfigureServices(services => Add<AzureStorageClusteringOptions, IMembershipTable, AzureMembershipTable>(services, configureOptions));

    /// <summary>Finds the gateways of the cluster in Azure Table storage.</summary>
    public static IClientBuilder UseAzureStorageClustering(this IClientBuilder builder, Action<AzureStorageGatewayOptions> configureOptions) =>
        builder.UseAzureStorageClustering((OptionsBuilder<AzureStorageGatewayOptions> options) => options.Configure(configureOptions));

    /// <inheritdoc cref="UseAzureStorageClustering(IClientBuilder, Action{AzureStorageGatewayOptions})"/>
    public static IClientBuilder UseAzureStorageClustering(this IClientBuilder builder, Action<OptionsBuilder<AzureStorageGatewayOptions>> configureOptions) =>
        builder.ConfigureServices(services => Add<AzureStorageGatewayOptions, IGatewayListProvider, AzureGatewayListProvider>(services, configureOptions));

    private static void Add<TOptions, TService, TImplementation>(IServiceCollection services, Action<OptionsBuilder<TOptions>> configureOptions)
        where TOptions : AzureStorageOperationOptions
        where TService : class
        where TImplementation : class, TService
    {
        configureOptions(services.AddOptions<TOptions>());
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<TService, TImplementation>();
    }
}
