using Orleans.Counter.EventHubs;

namespace Orleans.Counter.EventHubStreams;

/// <summary>What an application makes of the messages of a hub.</summary>
public interface IEventHubDataAdapter
{
    /// <summary>Called whenever this silo takes a partition over, or begins again after a failure: a new adapter that remembers nothing.</summary>
    IPartitionDataAdapter TakeOver(string partitionId);
}

/// <summary>What an application makes of one partition's messages, from one take-over on. Called by one reader at a time.</summary>
public interface IPartitionDataAdapter
{
    /// <summary>The streams that the partition feeds, always the same ones; a stream must not be fed by two partitions.</summary>
    IReadOnlyList<StreamId> Streams { get; }

    /// <summary>Where reading has to begin, and where each stream goes on. Asked once, before anything is read.</summary>
    Task<PartitionStart> Start(CancellationToken cancellationToken);

    /// <summary>Hands what a message holds to the streams that want it.</summary>
    /// <remarks>
    /// Messages come in the order of the log. When a stream goes back, or when this method failed, messages come again, and must then give what they gave before.
    /// When the task is done, whatever the message left elsewhere (a dead letter) is durable.
    /// </remarks>
    ValueTask Read(ReceivedEvent message, IStreamSink sink, CancellationToken cancellationToken);

    /// <summary>The reader leaves the partition in peace. Nothing may depend on it: a silo that dies does not say so.</summary>
    Task Leave(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Takes what a message holds for the streams of its partition, which go by their place in <see cref="IPartitionDataAdapter.Streams"/>.</summary>
public interface IStreamSink
{
    /// <summary>True if the stream does not have this message yet.</summary>
    bool Wants(int stream);

    /// <summary>Gives an item to a stream. <paramref name="weight"/> is roughly the bytes that it keeps in memory.</summary>
    void Add(int stream, object item, int weight);
}

/// <summary>Where a reader begins.</summary>
/// <param name="ReadFrom">Where to read from: at or before the first message that a stream wants, further back if the adapter has to know what came before.</param>
/// <param name="After">Per stream, the last sequence number that it has stored; -1 if nothing.</param>
public sealed record PartitionStart(EventPosition ReadFrom, IReadOnlyList<long> After);
