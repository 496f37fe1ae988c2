namespace Orleans.Counter.EventHubs;

/// <summary>One event hub, as much of it as a counter needs. The only door to Event Hubs: another client library would slot in behind it.</summary>
/// <remarks>Safe to use from many threads. Connects at the first need, and again by itself after a failure.</remarks>
public interface IEventHub : IAsyncDisposable
{
    /// <summary>What the hub is: one request to the service.</summary>
    /// <exception cref="EventHubsException"/>
    Task<HubProperties> GetProperties(CancellationToken cancellationToken = default);

    /// <summary>What a partition holds now: one request to the service.</summary>
    /// <exception cref="EventHubsException"/>
    Task<PartitionProperties> GetPartitionProperties(string partitionId, CancellationToken cancellationToken = default);

    /// <summary>Sends one event to a partition and returns when the service has it on durable storage.</summary>
    /// <remarks>Does not retry. Many sends may be in flight at once; they arrive in the order of the calls.</remarks>
    /// <exception cref="EventHubsException">
    /// Not accepted; or, with <see cref="EventHubsFailure.ServiceTimeout"/> and <see cref="EventHubsFailure.Communication"/>, nobody knows:
    /// the event may be in the log all the same.
    /// </exception>
    Task Send(string partitionId, EventData data, CancellationToken cancellationToken = default);

    /// <summary>Opens a reader of one partition. The first <see cref="IPartitionReader.Receive"/> connects.</summary>
    /// <param name="partitionId">"0", "1", …</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="ownerLevel">
    /// The epoch: a reader with the same or a higher one takes the partition from the reader before it; one with a lower one, or none, is refused.
    /// Null reads beside others.
    /// </param>
    IPartitionReader OpenReader(string partitionId, EventPosition from, long? ownerLevel);
}

/// <summary>Reads one partition in order. For one caller at a time; disposing of it ends a <see cref="Receive"/> that waits.</summary>
public interface IPartitionReader : IAsyncDisposable
{
    /// <summary>
    /// The events that have arrived, at least one (waits for it), at most <paramref name="countMax"/>; contiguous with those of the call before,
    /// unless retention has removed some in between. A lost connection is mended inside, from the last event handed out.
    /// </summary>
    /// <exception cref="EventHubsException">
    /// <see cref="EventHubsFailure.ConsumerDisconnected"/>: another reader owns the partition. <see cref="EventHubsFailure.InvalidPosition"/>: past the end.
    /// <see cref="EventHubsFailure.ResourceNotFound"/>, <see cref="EventHubsFailure.Unauthorized"/>: will not pass by waiting.
    /// The reader is of no more use then.
    /// </exception>
    ValueTask<IReadOnlyList<ReceivedEvent>> Receive(int countMax, CancellationToken cancellationToken = default);
}

/// <summary>An event to send.</summary>
/// <param name="Body">At most about 1 MB with its properties (256 KB in the Basic tier).</param>
/// <param name="Properties">Application properties; values are string, bool, int, long or double.</param>
/// <param name="PartitionKey">Events of one key come to one partition, which the service chooses; only for events that are sent to no partition.</param>
public readonly record struct EventData(ReadOnlyMemory<byte> Body, IReadOnlyDictionary<string, object>? Properties = null, string? PartitionKey = null);

/// <summary>An event as it stands in a partition's log.</summary>
/// <param name="SequenceNumber">0, 1, 2, … without gaps within the partition.</param>
/// <param name="EnqueuedTime">The service's clock when it took the event, in UTC; may step back a little.</param>
/// <param name="Body">The event's bytes; empty if the event has no binary body (see <paramref name="BodyIsBinary"/>).</param>
/// <param name="BodyIsBinary">False if the sender put something other than AMQP data into the body.</param>
/// <param name="Properties">Application properties; never null.</param>
public sealed record ReceivedEvent(
    long SequenceNumber, DateTimeOffset EnqueuedTime, ReadOnlyMemory<byte> Body, bool BodyIsBinary, IReadOnlyDictionary<string, object> Properties)
{
    /// <summary>Where the event stands, in the service's own words: a number, or any other text.</summary>
    public string? Offset { get; init; }

    /// <summary>The key that its sender chose, if there was one.</summary>
    public string? PartitionKey { get; init; }
}

/// <summary>What a hub is.</summary>
public sealed record HubProperties(string Name, DateTimeOffset CreatedAt, IReadOnlyList<string> PartitionIds);

/// <summary>What a partition holds.</summary>
/// <param name="Id">"0", "1", …</param>
/// <param name="BeginSequenceNumber">The first event that is still there.</param>
/// <param name="LastSequenceNumber">The last event; -1 if there never was one.</param>
/// <param name="LastEnqueuedTime">When the last event came.</param>
public sealed record PartitionProperties(string Id, long BeginSequenceNumber, long LastSequenceNumber, DateTimeOffset LastEnqueuedTime)
{
    /// <summary>True if nothing can be read now.</summary>
    public bool IsEmpty => LastSequenceNumber < BeginSequenceNumber;

    /// <summary>Where the last event stands, in the service's own words: a number, or any other text.</summary>
    public string? LastOffset { get; init; }
}

/// <summary>A place in a partition's log. The default value is <see cref="Earliest"/>.</summary>
public readonly record struct EventPosition
{
    private const string EarliestFilter = "amqp.annotation.x-opt-offset > '-1'";

    private readonly string? _filter;

    private EventPosition(string filter, long? lastSequenceNumber = null)
    {
        _filter = filter;
        LastSequenceNumber = lastSequenceNumber;
    }

    /// <summary>The oldest event that is still there.</summary>
    public static EventPosition Earliest { get; } = new(EarliestFilter);

    /// <summary>Only events that come after the reader's first <see cref="IPartitionReader.Receive"/>.</summary>
    public static EventPosition Latest { get; } = new("amqp.annotation.x-opt-offset > '@latest'");

    /// <summary>The selector as the service reads it.</summary>
    internal string Filter => _filter ?? EarliestFilter;

    /// <summary>The event before the first one that is wanted, where it is known.</summary>
    internal long? LastSequenceNumber { get; }

    /// <summary>The event after this one; after -1 is <see cref="Earliest"/>.</summary>
    public static EventPosition After(long sequenceNumber) => sequenceNumber < 0
        ? Earliest
        : new($"amqp.annotation.x-opt-sequence-number > '{sequenceNumber}'", sequenceNumber);

    /// <summary>The first event that was enqueued after this time.</summary>
    public static EventPosition EnqueuedAfter(DateTimeOffset time) => new($"amqp.annotation.x-opt-enqueued-time > '{time.ToUnixTimeMilliseconds()}'");

    /// <inheritdoc/>
    public override string ToString() => Filter;
}
