using Microsoft.Extensions.Options;
using Orleans.Counter.EventHubs;
using Orleans.Counter.EventHubStreams;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Streaming;

/// <summary>Hub messages of a partition -> entries per shard.</summary>
internal static class StreamingStage
{
    public static IHostApplicationBuilder AddStreaming(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<StreamingOptions>().BindConfiguration(StreamingOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<StreamingOptions>, StreamingOptionsValidator>();
        builder.Services.AddSingleton<StreamingInstruments>().AddSingleton<LogIdentity>().AddSingleton<DeadLetters>().AddSingleton<Sightings>();
        builder.Services.AddSingleton(services => new LogAgain(services.GetRequiredKeyedService<IEventHub>(EventHub.Again)));
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, LogCheck>();
        builder.UseOrleans(silo => silo.AddCounterStreams());
        return builder;
    }

    /// <summary>The streams of the shards, fed by the hub that the services hold.</summary>
    public static ISiloBuilder AddCounterStreams(this ISiloBuilder silo) => silo.AddEventHubStreams(StreamNames.Provider, streams => streams
        .ConfigureEventHub(options => options.Configure(hub => hub.ConfigureEventHubConnection(services => services.GetRequiredService<IEventHub>())))
        .UseDataAdapter((services, _) => ActivatorUtilities.CreateInstance<CounterData>(services)));

    private sealed class CounterData(LogIdentity log, ICountStore store, DeadLetters deadLetters, Sightings sightings, StreamingInstruments instruments, TimeProvider clock) : IEventHubDataAdapter
    {
        public IPartitionDataAdapter TakeOver(string partitionId) => new CounterPartition(partitionId, log, store, deadLetters, sightings, instruments, clock);
    }
}
