using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Orleans.Counter.Tests.Azure.Clustering;

/// <summary>Silos and clients that know nothing but their configuration.</summary>
internal static class Hosts
{
    /// <summary>A cluster that nobody else uses, in a table.</summary>
    public static KeyValuePair<string, string?>[] Configuration(params (string Key, string Value)[] settings) =>
    [
        new("Orleans:ClusterId", ClusterUnderTest.NewId()),
        new("Orleans:ServiceId", "service"),
        new("Orleans:Clustering:ProviderType", "AzureTableStorage"),
        .. settings.Select(setting => new KeyValuePair<string, string?>($"Orleans:{setting.Key}", setting.Value)),
    ];

    public static IHost Silo(IEnumerable<KeyValuePair<string, string?>> configuration, Action<ISiloBuilder>? also = null)
    {
        var builder = Builder(configuration);
        builder.UseOrleans(silo =>
        {
            silo.ConfigureEndpoints(IPAddress.Loopback, FreePort(), FreePort());
            also?.Invoke(silo);
        });
        return builder.Build();
    }

    public static IHost Client(IEnumerable<KeyValuePair<string, string?>> configuration)
    {
        var builder = Builder(configuration);
        builder.UseOrleansClient();
        return builder.Build();
    }

    private static HostApplicationBuilder Builder(IEnumerable<KeyValuePair<string, string?>> configuration)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(configuration);
        return builder;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
