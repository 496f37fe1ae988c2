using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Counter.EventHubs;
using Orleans.Streams;

namespace Orleans.Counter.EventHubStreams;

/// <summary>What Orleans asks of a stream provider, for one event hub: a queue per partition, and for each a cache and the receiver that fills it.</summary>
internal sealed class EventHubAdapterFactory(string name, IServiceProvider services) : IQueueAdapterFactory, IQueueAdapter, IQueueAdapterCache
{
    private readonly ILogger _logger = services.GetRequiredService<ILoggerFactory>().CreateLogger($"{typeof(EventHubAdapterFactory).Namespace}.{name}");
    private readonly TimeProvider _clock = services.GetService<TimeProvider>() ?? TimeProvider.System;
    private readonly IClusterMembershipService _membership = services.GetRequiredService<IClusterMembershipService>();
    private readonly EventHubReceiverOptions _reading = services.GetOptionsByName<EventHubReceiverOptions>(name);
    private readonly EventHubStreamCacheOptions _caching = services.GetOptionsByName<EventHubStreamCacheOptions>(name);
    private readonly IEventHubDataAdapter _data = services.GetRequiredKeyedService<IEventHubDataAdapter>(name);
    private readonly ConcurrentDictionary<QueueId, EventHubQueueCache> _caches = new();
    private readonly IEventHub _hub = (services.GetOptionsByName<EventHubOptions>(name).Connect
        ?? throw new OrleansConfigurationException($"The event hub streams '{name}' have no hub: call ConfigureEventHub."))(services);

    private HashRingBasedPartitionedStreamQueueMapper? _mapper;

    public string Name => name;

    public bool IsRewindable => true;

    public StreamProviderDirection Direction => StreamProviderDirection.ReadOnly;

    public static IQueueAdapterFactory Create(IServiceProvider services, string name) => new EventHubAdapterFactory(name, services);

    public async Task<IQueueAdapter> CreateAdapter(CancellationToken cancellationToken)
    {
        var hub = await _hub.GetProperties(cancellationToken);
        _mapper = new(hub.PartitionIds, name);
        return this;
    }

    public Task<IQueueAdapter> CreateAdapter() => CreateAdapter(CancellationToken.None);

    public IQueueAdapterCache GetQueueAdapterCache() => this;

    public IStreamQueueMapper GetStreamQueueMapper() => Mapper;

    public Task<IStreamFailureHandler> GetDeliveryFailureHandler(QueueId queueId) => Task.FromResult<IStreamFailureHandler>(new NoOpStreamDeliveryFailureHandler());

    // The agent makes the cache of a queue first, then the receiver; and both anew when the queue comes back to this silo.
    public IQueueCache CreateQueueCache(QueueId queueId) => _caches[queueId] = new();

    public IQueueAdapterReceiver CreateReceiver(QueueId queueId) =>
        new EventHubReceiver(Mapper.QueueToPartition(queueId), _hub, OwnerLevel, _data, _caches[queueId], _reading, _caching, _clock, _logger);

    public Task QueueMessageBatchAsync<T>(StreamId streamId, IEnumerable<T> events, StreamSequenceToken? token, Dictionary<string, object>? requestContext) =>
        throw new NotSupportedException($"The streams '{name}' only read: events are sent to the event hub itself.");

    // Who knows more of the cluster takes a partition from who knows less: a silo that was frozen, and wakes up, takes nothing from anybody. Asked anew whenever a reader is opened.
    private long OwnerLevel() => _membership.CurrentSnapshot.Version.Value;

    private HashRingBasedPartitionedStreamQueueMapper Mapper =>
        _mapper ?? throw new InvalidOperationException("The partitions of the hub are known only after CreateAdapter.");
}
