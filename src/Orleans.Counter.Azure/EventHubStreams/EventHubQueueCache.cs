using Orleans.Streams;

namespace Orleans.Counter.EventHubStreams;

/// <summary>What one partition's reader has read and its streams have not been given yet, one lane a stream. Event Hubs is the only retention.</summary>
/// <remarks>Lives on its agent's turns, like the receiver that fills it.</remarks>
internal sealed class EventHubQueueCache : IQueueCache
{
    private Dictionary<StreamId, StreamLane> _lanes = [];

    public IReadOnlyCollection<StreamLane> Lanes => _lanes.Values;

    public long Weight => _lanes.Values.Sum(lane => (long)lane.Weight);

    /// <summary>Begins anew, with these lanes.</summary>
    public void Reset(IEnumerable<StreamLane> lanes) => _lanes = lanes.ToDictionary(lane => lane.StreamId);

    public void AddToCache(IList<IBatchContainer> messages)
    {
        foreach (var message in messages)
            if (_lanes.TryGetValue(message.StreamId, out var lane)) lane.Add((EventHubRange)message);
    }

    public IQueueCacheCursor GetCacheCursor(StreamId streamId, StreamSequenceToken? token) => new EventHubCursor(_lanes[streamId], token);

    // A pump that finds the cache full leaves before it purges, and stands still until its next tick: the receiver waits for room instead.
    public int GetMaxAddCount() => int.MaxValue;

    public bool IsUnderPressure() => false;

    // Nothing is purged on the agent's request: a lane lets go of a range when its delivery is over.
    public bool TryPurgeFromCache(out IList<IBatchContainer> purgedItems)
    {
        purgedItems = [];
        return false;
    }
}
