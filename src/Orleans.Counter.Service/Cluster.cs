using System.ComponentModel.DataAnnotations;
using Orleans.Configuration;

namespace Orleans.Counter;

/// <summary>The silo in this process: section <c>Silo</c>.</summary>
internal sealed class SiloSettings
{
    /// <summary>For other silos.</summary>
    [Range(1, 65535)]
    public int Port { get; set; } = 11111;

    /// <summary>For Orleans clients in other processes.</summary>
    [Range(1, 65535)]
    public int GatewayPort { get; set; } = 30000;
}

internal static class Cluster
{
    public static IHostApplicationBuilder AddCluster(this IHostApplicationBuilder builder)
    {
        var settings = builder.Configuration.GetSection("Silo").Get<SiloSettings>() ?? new();
        Validator.ValidateObject(settings, new(settings), validateAllProperties: true);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(settings.Port, settings.GatewayPort);
            silo.Configure<GrainCollectionOptions>(options => options.CollectionAge = TimeSpan.FromMinutes(15));
        });
        return builder;
    }
}
