using System.Collections;

namespace Orleans.Counter.Streaming;

/// <summary>Which events of the latest messages are repeats, a bit for each, so that a message that is read again is judged as it was the first time.</summary>
/// <remarks>Kept from the last position that every shard has stored: no shard can go back further.</remarks>
internal sealed class Verdicts
{
    private readonly Queue<BitArray?> _kept = new();
    private long _first = -1;
    private long _through = -1;
    private BitArray?[] _index = [];

    /// <summary>The last message that was judged; -1 before the first.</summary>
    public long Last { get; private set; } = -1;

    /// <summary>Keeps the verdict about the next message; null if it holds no repeat.</summary>
    public void Add(long sequenceNumber, BitArray? repeats)
    {
        Last = sequenceNumber;
        if (sequenceNumber <= _through) return;

        // Messages that the hub no longer had leave a hole: nobody can ask for them.
        if (_kept.Count == 0) _first = sequenceNumber;
        else while (_first + _kept.Count < sequenceNumber) _kept.Enqueue(null);
        _kept.Enqueue(repeats);
        _index = [];
    }

    /// <summary>True if the message was judged, and every shard has stored it. Only one that is out of date can ask for it again: it needs nothing of it.</summary>
    public bool Forgot(long sequenceNumber) => sequenceNumber <= Last && sequenceNumber <= _through;

    /// <summary>The verdict about a message that was judged before.</summary>
    /// <exception cref="InvalidOperationException">It is forgotten: a shard went back further than all had stored.</exception>
    public BitArray? Of(long sequenceNumber)
    {
        if (sequenceNumber < _first || sequenceNumber > Last)
            throw new InvalidOperationException($"Message {sequenceNumber} was judged, but its verdict is forgotten: they are kept from {_first} to {Last}.");
        if (_index.Length == 0) _index = [.. _kept];
        return _index[sequenceNumber - _first];
    }

    /// <summary>Every shard has stored everything up to here.</summary>
    public void Forget(long through)
    {
        _through = Math.Max(_through, through);
        while (_kept.Count > 0 && _first <= through)
        {
            _kept.Dequeue();
            _first++;
        }

        _index = [];
    }
}
