using Orleans.Providers.Streams.Common;
using Orleans.Streams;

namespace Orleans.Counter.EventHubStreams;

/// <summary>What a partition's log holds for one stream between two places: also when that is nothing.</summary>
/// <remarks>
/// A consumer subscribes to <see cref="EventHubRange"/> itself and takes a range only if it knows everything up to <see cref="After"/>; that way a lost or a
/// misplaced delivery can disturb, but never make a consumer skip something. Ranges of one stream join: the next one begins where the last one ended, or before.
/// </remarks>
[GenerateSerializer, Immutable, Alias("counter.eventhubs.range")]
public sealed class EventHubRange : IBatchContainer
{
    /// <summary>The range of a stream after one sequence number and up to another, with what the log holds there for the stream.</summary>
    public EventHubRange(StreamId streamId, long after, long last, int beat, DateTimeOffset enqueuedTime, IReadOnlyList<object> items, int weight)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(last, after);
        StreamId = streamId;
        After = after;
        Last = last;
        Beat = beat;
        EnqueuedTime = enqueuedTime;
        Items = items;
        Weight = weight;
    }

    /// <inheritdoc/>
    [Id(0)] public StreamId StreamId { get; }

    /// <summary>The sequence number after which the range begins; -1 is before everything.</summary>
    [Id(1)] public long After { get; }

    /// <summary>The last sequence number that the range covers.</summary>
    [Id(2)] public long Last { get; }

    /// <summary>Tells apart the empty ranges that follow each other while the partition is silent.</summary>
    [Id(3)] public int Beat { get; }

    /// <summary>When the service took the last message that the range covers.</summary>
    [Id(4)] public DateTimeOffset EnqueuedTime { get; }

    /// <summary>What the data adapter made for this stream of the messages in the range, in their order.</summary>
    [Id(5)] public IReadOnlyList<object> Items { get; }

    /// <summary>Roughly the bytes that the range keeps in memory.</summary>
    [Id(6)] public int Weight { get; }

    /// <inheritdoc/>
    public StreamSequenceToken SequenceToken => new EventSequenceTokenV2(Last, Beat);

    /// <inheritdoc/>
    public IEnumerable<Tuple<T, StreamSequenceToken>> GetEvents<T>() => [Tuple.Create((T)(object)this, SequenceToken)];

    /// <inheritdoc/>
    public bool ImportRequestContext() => false;

    /// <summary>This range and those that follow it, as one.</summary>
    internal EventHubRange Join(params IReadOnlyList<EventHubRange> following)
    {
        var last = following[^1];
        object[] items = [.. Items, .. following.SelectMany(range => range.Items)];
        return new(StreamId, After, last.Last, last.Beat, last.EnqueuedTime, items, Weight + following.Sum(range => range.Weight));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{StreamId} ({After}, {Last}]";
}
