using Orleans.Streams;

namespace Orleans.Counter.EventHubStreams;

/// <summary>What the cache holds for one stream: ranges that join, not delivered yet. Lives on its agent's turns, so it has no locks.</summary>
internal sealed class StreamLane(StreamId streamId, long after, LaneLimits limits)
{
    private readonly LinkedList<EventHubRange> _held = new();
    private EventHubCursor? _cursor;
    private EventHubRange? _current;
    private StreamSequenceToken? _place;

    public StreamId StreamId { get; } = streamId;

    /// <summary>Everything up to here was delivered, or is held; what the reader has read beyond it held nothing for this stream.</summary>
    public long Next { get; private set; } = after;

    /// <summary>The bytes that are held or being delivered.</summary>
    public int Weight { get; private set; }

    /// <summary>True after a range was refused because the stream's share was full: the stream takes nothing until it has worked off what it holds, and then goes back.</summary>
    public bool IsParked { get; private set; }

    /// <summary>True while the stream waits for messages that the reader has passed: no range is for it until the reader has gone back.</summary>
    public bool IsBehind { get; private set; }

    public bool Wants(long sequenceNumber) => !IsParked && !IsBehind && Next < sequenceNumber;

    /// <summary>The reader stands at or before <see cref="Next"/>.</summary>
    public void ReaderIsBack() => IsBehind = false;

    /// <summary>Takes a range that joins what is held. One that does not was read for a place that the stream has left since.</summary>
    public void Add(EventHubRange range)
    {
        if (IsParked || IsBehind || range.After > Next || range.Last < Next) return;
        if (Weight > 0 && Weight + range.Weight > limits.Share)
        {
            IsParked = true;
            return;
        }

        if (range.Items.Count == 0 && _held.Last is { } last) last.Value = last.Value.Join(range);
        else _held.AddLast(range);
        Weight += range.Weight;
        Next = range.Last;
    }

    /// <summary>The next range for this cursor, with what follows it as far as one delivery may hold.</summary>
    /// <remarks>A cursor takes its place only here: the agent makes cursors that it never moves, and disposes of the old one after it has moved the new one.</remarks>
    public EventHubRange? MoveNext(EventHubCursor cursor, StreamSequenceToken? token)
    {
        if (_cursor != cursor) Place(cursor, token);
        Delivered();
        if (_held.First is not { Value: var range })
        {
            if (IsParked) (IsParked, IsBehind) = (false, true); // What was refused is wanted now.
            return null;
        }

        _held.RemoveFirst();

        // A range that ends exactly at the place asked for is skipped by the agent, so nothing may be joined to it.
        if (!range.SequenceToken.Equals(_place))
            range = WithWhatFollows(range);
        return _current = range;
    }

    private EventHubRange WithWhatFollows(EventHubRange range)
    {
        var (items, weight) = (range.Items.Count, range.Weight);
        List<EventHubRange> following = [];
        while (_held.First is { Value: var next } && items + next.Items.Count <= limits.ItemsPerDelivery && weight + next.Weight <= limits.WeightPerDelivery)
        {
            (items, weight) = (items + next.Items.Count, weight + next.Weight);
            following.Add(next);
            _held.RemoveFirst();
        }

        return following.Count == 0 ? range : range.Join(following);
    }

    public void Leave(EventHubCursor cursor)
    {
        if (_cursor == cursor) _cursor = null; // Whether what was on its way has arrived is known when the next one takes its place.
    }

    private void Place(EventHubCursor cursor, StreamSequenceToken? token)
    {
        TakeBack(token);
        _cursor = cursor;
        _place = token;
        if (token is null) return;
        while (_held.First is { Value: var range } && range.SequenceToken.CompareTo(token) < 0)
        {
            Weight -= range.Weight;
            _held.RemoveFirst();
        }

        var begins = _held.First?.Value.After ?? Next;
        if (token.SequenceNumber < begins)
        {
            foreach (var range in _held) Weight -= range.Weight;
            _held.Clear();
            Next = token.SequenceNumber;
            (IsParked, IsBehind) = (false, true);
        }
        else if (_held.Count == 0) Next = token.SequenceNumber;
    }

    /// <summary>What was on its way when the consumer began anew has not arrived. If it joins the place where the consumer goes on, it is delivered again, and not read again.</summary>
    private void TakeBack(StreamSequenceToken? token)
    {
        if (_current is { } current && token is not null && current.After <= token.SequenceNumber && current.SequenceToken.CompareTo(token) > 0)
        {
            _held.AddFirst(current);
            _current = null;
        }

        Delivered();
    }

    private void Delivered()
    {
        Weight -= _current?.Weight ?? 0;
        _current = null;
    }
}

/// <summary>How much a stream may hold, and how much one delivery may carry.</summary>
internal readonly record struct LaneLimits(int Share, int ItemsPerDelivery, int WeightPerDelivery);
