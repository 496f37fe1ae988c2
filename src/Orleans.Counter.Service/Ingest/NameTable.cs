using System.IO.Hashing;

namespace Orleans.Counter.Ingest;

/// <summary>The dictionary of one frame: each name once, already in the form of the frame's field, found again by its bytes.</summary>
/// <param name="tag">The protobuf tag of the repeated field.</param>
/// <param name="seed">Secret of this process: with a known hash, a client could choose names that all meet in one slot.</param>
internal sealed class NameTable(byte tag, long seed)
{
    private const int NameLengthMax = 127; // so that the length takes one byte, and the name stands two bytes after its tag
    private const int HeaderBytes = 2;
    private readonly Column _field = new();
    private int[] _starts = new int[32];
    private int[] _slots = new int[64]; // index + 1 of a name; 0 is free. Twice as many as names: probing ends soon.

    public int Count { get; private set; }

    /// <summary>All names as the frame carries them.</summary>
    public ReadOnlySpan<byte> Field => _field.Written;

    public void Clear()
    {
        if (Count > 0) Array.Clear(_slots);
        _field.Clear();
        Count = 0;
    }

    /// <summary>The name's index, which is a new one if the name is.</summary>
    public int IndexOf(ReadOnlySpan<byte> name)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, NameLengthMax);
        var slot = Find(name);
        if (_slots[slot] > 0) return _slots[slot] - 1;
        if (Count == _starts.Length)
        {
            Grow();
            slot = Find(name);
        }

        _starts[Count] = _field.Length;
        _field.Field(tag, name);
        _slots[slot] = Count + 1;
        return Count++;
    }

    private ReadOnlySpan<byte> Name(int index)
    {
        var start = _starts[index];
        return _field.Written.Slice(start + HeaderBytes, _field.Written[start + 1]);
    }

    private int Find(ReadOnlySpan<byte> name)
    {
        var last = _slots.Length - 1; // a power of two less one
        var slot = (int)(XxHash3.HashToUInt64(name, seed) & (uint)last);
        while (_slots[slot] > 0 && !Name(_slots[slot] - 1).SequenceEqual(name)) slot = (slot + 1) & last;
        return slot;
    }

    private void Grow()
    {
        Array.Resize(ref _starts, 2 * _starts.Length);
        _slots = new int[2 * _starts.Length];
        for (var i = 0; i < Count; i++) _slots[Find(Name(i))] = i + 1;
    }
}
