using Microsoft.Extensions.Options;

namespace Orleans.Counter.Counting;

/// <summary>Entries -> changed rows.</summary>
internal static class CountingStage
{
    public static IHostApplicationBuilder AddCounting(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<CountingOptions>().BindConfiguration(CountingOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<CountingOptions>, CountingOptionsValidator>();
        builder.Services.AddSingleton<CountingInstruments>().AddSingleton<CountingGates>().AddSingleton<AwakeVideos>();
        builder.Services.AddSingleton<ShardHomes>().AddSingleton<LogEnds>().AddSingleton<LocalShards>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<LocalShards>());
        builder.Services.AddPlacementDirector<ShardPlacement, ShardPlacementDirector>();
        return builder;
    }
}
