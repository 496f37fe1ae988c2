using System.Numerics;

namespace Orleans.Counter.Streaming;

/// <summary>A set of 64-bit hashes, never zero: open addressing in one array, because the set of ten minutes holds millions.</summary>
internal sealed class IdSet
{
    private ulong[] _slots;
    private int _shift;

    /// <summary>An empty set with room for so many.</summary>
    public IdSet(int capacity = 0)
    {
        _slots = new ulong[BitOperations.RoundUpToPowerOf2((uint)Math.Max(1024, capacity * 2L))];
        _shift = ShiftOf(_slots);
    }

    public int Count { get; private set; }

    public bool Contains(ulong id) => _slots[Find(_slots, _shift, id)] == id;

    public void Add(ulong id)
    {
        var slot = Find(_slots, _shift, id);
        if (_slots[slot] == id) return;
        _slots[slot] = id;
        if (++Count > _slots.Length / 2) Grow();
    }

    // Fibonacci hashing spreads what is a hash already over the high bits; a run of full slots is walked.
    private static int Find(ulong[] slots, int shift, ulong id)
    {
        var slot = (int)(unchecked(id * 0x9E3779B97F4A7C15) >> shift);
        while (slots[slot] != 0 && slots[slot] != id) slot = (slot + 1) & (slots.Length - 1);
        return slot;
    }

    private static int ShiftOf(ulong[] slots) => 64 - BitOperations.Log2((uint)slots.Length);

    private void Grow()
    {
        var slots = new ulong[_slots.Length * 2];
        var shift = ShiftOf(slots);
        foreach (var id in _slots)
            if (id != 0) slots[Find(slots, shift, id)] = id;
        (_slots, _shift) = (slots, shift);
    }
}
