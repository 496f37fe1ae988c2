using Orleans.Streams;

namespace Orleans.Counter.EventHubStreams;

/// <summary>A reader's place in one lane. Never misses: what the lane no longer holds is read from the hub again, and until then there is no data.</summary>
internal sealed class EventHubCursor(StreamLane lane, StreamSequenceToken? token) : IQueueCacheCursor
{
    private EventHubRange? _current;

    public IBatchContainer? GetCurrent(out Exception? exception)
    {
        exception = null;
        return _current;
    }

    public bool MoveNext() => (_current = lane.MoveNext(this, token)) is not null;

    /// <summary>Nothing to do: the lane holds what is not delivered, wherever the new messages begin.</summary>
    public void Refresh(StreamSequenceToken token)
    {
    }

    /// <summary>Never called with an infinite delivery time; a delivery that failed for good would leave a gap, which the next range shows.</summary>
    public void RecordDeliveryFailure()
    {
    }

    public void Dispose() => lane.Leave(this);
}
