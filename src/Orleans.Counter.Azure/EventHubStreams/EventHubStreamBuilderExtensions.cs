using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.EventHubStreams;
using Orleans.Runtime.Providers;
using Orleans.Streams;

namespace Orleans.Hosting;

/// <summary>Adds streams that are fed by an event hub.</summary>
public static class EventHubStreamBuilderExtensions
{
    /// <summary>Adds a rewindable stream provider over an event hub: one reader per partition, implicit subscriptions only.</summary>
    /// <remarks>
    /// The names are those of the official provider; the promises are not: consumers get <see cref="EventHubRange"/>s, keep their own positions, and go back by
    /// deactivating themselves and resuming after the position they have stored. There is no other checkpoint.
    /// </remarks>
    public static ISiloBuilder AddEventHubStreams(this ISiloBuilder builder, string name, Action<SiloEventHubStreamConfigurator> configure)
    {
        builder.AddPersistentStreams(name, EventHubAdapterFactory.Create, streams =>
        {
            streams.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
            streams.ConfigurePullingAgent(options => options.Configure(agent =>
            {
                // A delivery that gives up skips what it carried; more than one container a delivery repeats some after a handshake; the pump idles a tick
                // between two reads that brought nothing; and a stream is registered once, so that no cold stream ever holds up its partition.
                agent.MaxEventDeliveryTime = Timeout.InfiniteTimeSpan;
                agent.BatchContainerBatchSize = 1;
                agent.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(10);
                agent.StreamInactivityPeriod = TimeSpan.FromDays(365);
            }));
            // A silo that leaves says so, and stops reading, at the same time: whoever takes its partitions over does not wait for that, but simply takes them.
            streams.ConfigureLifecycle(options => options.Configure(lifecycle => lifecycle.StartStage = ServiceLifecycleStage.BecomeActive));
            streams.ConfigurePartitionBalancing((services, provider) => new PartitionBalancer(services, provider));
            streams.ConfigureBackoffProvider((Func<IServiceProvider, string, IMessageDeliveryBackoffProvider>)((_, _) => new ShortBackoff()));
            configure(new SiloEventHubStreamConfigurator(streams));
        });
        return builder;
    }
}

/// <summary>Configures one provider of event hub streams.</summary>
public sealed class SiloEventHubStreamConfigurator
{
    private readonly ISiloPersistentStreamConfigurator _streams;

    internal SiloEventHubStreamConfigurator(ISiloPersistentStreamConfigurator streams) => _streams = streams;

    /// <summary>The hub.</summary>
    public SiloEventHubStreamConfigurator ConfigureEventHub(Action<OptionsBuilder<EventHubOptions>> configure) => Configure(configure);

    /// <summary>How a partition is read.</summary>
    public SiloEventHubStreamConfigurator ConfigurePartitionReceiver(Action<OptionsBuilder<EventHubReceiverOptions>> configure) => Configure(configure);

    /// <summary>How much is held in memory.</summary>
    public SiloEventHubStreamConfigurator ConfigureCachePressuring(Action<OptionsBuilder<EventHubStreamCacheOptions>> configure) => Configure(configure);

    /// <summary>What the messages mean.</summary>
    public SiloEventHubStreamConfigurator UseDataAdapter(Func<IServiceProvider, string, IEventHubDataAdapter> factory)
    {
        _streams.ConfigureComponent(factory);
        return this;
    }

    private SiloEventHubStreamConfigurator Configure<TOptions>(Action<OptionsBuilder<TOptions>> configure) where TOptions : class, new()
    {
        _streams.Configure(configure);
        return this;
    }
}
