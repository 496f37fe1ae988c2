using System.Collections.Concurrent;
using Amqp;
using Amqp.Types;
using Microsoft.Extensions.Logging;

namespace Orleans.Counter.EventHubs;

/// <summary>An event hub over AMQP 1.0. All its senders and readers share one connection.</summary>
public sealed class AmqpEventHub : IEventHub
{
    private readonly Deadline _deadline;
    private readonly Reopened<AmqpScope> _scope;
    private readonly ConcurrentDictionary<string, Lazy<AmqpSender>> _senders = new();
    private readonly ConcurrentDictionary<AmqpPartitionReader, bool> _readers = new();
    private volatile bool _disposed;

    /// <summary>Does not connect yet.</summary>
    public AmqpEventHub(EventHubConnectionOptions options, TimeProvider timeProvider, ILogger<AmqpEventHub> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        Options = options;
        Time = timeProvider;
        Logger = logger;
        _deadline = new(options.OperationTimeout, timeProvider);
        _scope = new(Open, scope => scope.IsOpen);
    }

    internal EventHubConnectionOptions Options { get; }

    internal TimeProvider Time { get; }

    internal ILogger Logger { get; }

    /// <inheritdoc/>
    public async Task<HubProperties> GetProperties(CancellationToken cancellationToken = default)
    {
        const string Doing = "Ask for the hub's properties";
        var map = await Read("com.microsoft:eventhub", null, Doing, cancellationToken).ConfigureAwait(false);
        return new HubProperties(
            Value<string>(map, "name", Doing),
            Utc(Value<DateTime>(map, "created_at", Doing)),
            Array.AsReadOnly(Value<string[]>(map, "partition_ids", Doing)));
    }

    /// <inheritdoc/>
    public async Task<PartitionProperties> GetPartitionProperties(string partitionId, CancellationToken cancellationToken = default)
    {
        var doing = $"Ask for the properties of partition {partitionId}";
        var map = await Read("com.microsoft:partition", partitionId, doing, cancellationToken).ConfigureAwait(false);
        return new PartitionProperties(
            Value<string>(map, "partition", doing),
            Value<long>(map, "begin_sequence_number", doing),
            Value<long>(map, "last_enqueued_sequence_number", doing),
            Utc(Value<DateTime>(map, "last_enqueued_time_utc", doing)))
        {
            LastOffset = map["last_enqueued_offset"] as string,
        };
    }

    /// <inheritdoc/>
    public Task Send(string partitionId, EventData data, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(partitionId);
        if (data.PartitionKey is not null) throw new ArgumentException("An event that is sent to a partition has no partition key.", nameof(data));
        return SendTo(partitionId, data, cancellationToken);
    }

    /// <summary>Sends one event to the partition that the service chooses: that of its key, or each in turn. Otherwise as the other <c>Send</c>.</summary>
    /// <exception cref="EventHubsException">As there.</exception>
    public Task Send(EventData data, CancellationToken cancellationToken = default) => SendTo(null, data, cancellationToken);

    private Task SendTo(string? partitionId, EventData data, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (var (name, value) in data.Properties ?? ReceivedEvents.NoProperties)
        {
            if (value is string or bool or int or long or double) continue;
            var type = value?.GetType().Name ?? "null";
            throw new ArgumentException($"Property '{name}' is a {type}; it must be a string, bool, int, long or double.", nameof(data));
        }

        var sender = _senders.GetOrAdd(partitionId ?? "", static (id, hub) => new(() => new AmqpSender(id.Length == 0 ? null : id, hub._scope, hub._deadline, hub.Logger)), this);
        return sender.Value.Send(data, cancellationToken);
    }

    /// <inheritdoc/>
    public IPartitionReader OpenReader(string partitionId, EventPosition from, long? ownerLevel)
    {
        ArgumentException.ThrowIfNullOrEmpty(partitionId);
        ObjectDisposedException.ThrowIf(_disposed, this);
        var reader = new AmqpPartitionReader(this, partitionId, from, ownerLevel);
        _readers[reader] = true;
        return reader;
    }

    /// <summary>Ends the senders and readers too. Sends that are under way fail, their outcome is unknown.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;

        // The connection first: what waits for an answer then fails at once, and its end frees every owner level.
        if (_scope.Current is { IsOpen: true } scope) await scope.Close().ConfigureAwait(false);
        await Task.WhenAll(_readers.Keys.Select(reader => reader.DisposeAsync().AsTask())).ConfigureAwait(false);
        await Task.WhenAll(_senders.Values.Select(sender => sender.Value.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    internal void Forget(AmqpPartitionReader reader) => _readers.TryRemove(reader, out _);

    internal async Task<Attached<ReceiverLink>> AttachReader(string partitionId, EventPosition from, long? ownerLevel)
    {
        var scope = await _scope.Get().ConfigureAwait(false);
        return await scope.AttachReader(Options.ConsumerGroup, partitionId, from, ownerLevel).ConfigureAwait(false);
    }

    /// <summary>The end of a partition as a number: "latest" would move on while a reader is away, and what came meanwhile would be skipped.</summary>
    internal async Task<EventPosition> End(string partitionId) =>
        EventPosition.After((await GetPartitionProperties(partitionId).ConfigureAwait(false)).LastSequenceNumber);

    private async Task<AmqpScope> Open()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var scope = await AmqpScope.Open(Options.Endpoint, Options.Tokens, _deadline, Logger).ConfigureAwait(false);
        if (!_disposed) return scope;
        await scope.Close().ConfigureAwait(false);
        throw new ObjectDisposedException(nameof(AmqpEventHub));
    }

    private async Task<Map> Read(string type, string? partitionId, string doing, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var scope = await _scope.Get().WaitAsync(cancellationToken).ConfigureAwait(false);
        return await scope.Read(type, partitionId, doing).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static T Value<T>(Map map, string name, string doing) => map[name] is T value
        ? value
        : throw new EventHubsException(
            EventHubsFailure.General, $"{doing}: the answer has {map[name]?.GetType().Name ?? "nothing"} as {name}, expected {typeof(T).Name}.");

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));
}
