using Orleans.Counter.EventHubs;
using Orleans.Streams;

namespace Orleans.Counter.EventHubStreams;

/// <summary>Gathers what one read brings for each stream. A range begins where its stream stands, so that it covers also the messages that held nothing for it.</summary>
internal sealed class RangeBuilder(StreamLane[] lanes) : IStreamSink
{
    private readonly Gathered[] _gathered = [.. lanes.Select(_ => new Gathered())];
    private readonly List<(int Stream, object Item, int Weight)> _message = [];
    private long _reading;
    private DateTimeOffset _enqueuedTime;

    public bool Wants(int stream) => lanes[stream].Wants(_reading);

    public void Add(int stream, object item, int weight) => _message.Add((stream, item, weight));

    /// <summary>From here on, the streams are asked about this message.</summary>
    public void Begin(ReceivedEvent message)
    {
        _reading = message.SequenceNumber;
        _message.Clear();
    }

    /// <summary>The message was read whole: what it holds may go out. One that failed half way leaves nothing behind, and is read again.</summary>
    public void End(ReceivedEvent message)
    {
        foreach (var (stream, item, weight) in _message)
        {
            _gathered[stream].Items.Add(item);
            _gathered[stream].Weight += weight;
        }

        _enqueuedTime = message.EnqueuedTime;
    }

    /// <summary>The ranges, up to where the reader is, of the streams for which something came. A stream that has gone back in the meantime is not given its gap.</summary>
    public List<IBatchContainer> Take(long head)
    {
        List<IBatchContainer> ranges = [];
        for (var stream = 0; stream < lanes.Length; stream++)
        {
            var (lane, gathered) = (lanes[stream], _gathered[stream]);
            if (gathered.Items.Count == 0) continue;
            if (lane.Wants(head)) ranges.Add(new EventHubRange(lane.StreamId, lane.Next, head, 0, _enqueuedTime, gathered.Items.ToArray(), gathered.Weight));
            gathered.Items.Clear();
            gathered.Weight = 0;
        }

        return ranges;
    }

    /// <summary>An empty range for every stream, up to where the reader is. Only right after <see cref="Take"/>: what came is in those ranges.</summary>
    public List<IBatchContainer> Beat(long head, int beat) =>
        [.. lanes.Where(lane => !lane.IsParked && !lane.IsBehind)
            .Select(lane => new EventHubRange(lane.StreamId, lane.Next, Math.Max(lane.Next, head), beat, _enqueuedTime, [], 0))];

    private sealed class Gathered
    {
        public readonly List<object> Items = [];
        public int Weight;
    }
}
