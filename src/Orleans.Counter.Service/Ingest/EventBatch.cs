using System.Buffers;
using System.Runtime.InteropServices;

namespace Orleans.Counter.Ingest;

/// <summary>An event that keeps all rules: its texts are places in the body of its request.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct StagedEvent
{
    public int VideoStart, TypeStart;
    public byte VideoLength, TypeLength;

    /// <summary>Of its video. Set by <see cref="EventBatch.Divide"/>.</summary>
    public byte Shard;

    /// <summary><see cref="IdHash"/>; <see cref="IdHash.None"/> without an id.</summary>
    public ulong Id;

    /// <summary>When it happened, in Unix milliseconds.</summary>
    public long Time;

    public double Value;

    /// <summary>The next event of the same partition; -1 after the last. Set by <see cref="EventBatch.Divide"/>.</summary>
    public int Next;
}

/// <summary>An event that will never be counted, as the answer names it.</summary>
internal sealed record Rejection(int Index, string Code, string Detail);

/// <summary>The events of one request. Nothing of it is in a frame before the whole body was read, so a body that is refused counts nothing.</summary>
internal sealed class EventBatch(EventBody body) : IDisposable
{
    private const int FirstEvents = 16;
    private StagedEvent[] _events = ArrayPool<StagedEvent>.Shared.Rent(FirstEvents);

    public EventBody Body => body;

    public int Count { get; private set; }

    public List<Rejection> Rejected { get; } = [];

    public ref StagedEvent this[int index] => ref _events[index];

    public ReadOnlySpan<byte> Video(int index) => body.Bytes.Slice(_events[index].VideoStart, _events[index].VideoLength);

    public ReadOnlySpan<byte> Type(int index) => Type(in _events[index]);

    public ReadOnlySpan<byte> Type(in StagedEvent staged) => staged.TypeLength == 0 ? "view"u8 : body.Bytes.Slice(staged.TypeStart, staged.TypeLength);

    public void Add(in StagedEvent staged)
    {
        if (Count == _events.Length)
        {
            var larger = ArrayPool<StagedEvent>.Shared.Rent(2 * Count);
            _events.AsSpan(0, Count).CopyTo(larger);
            ArrayPool<StagedEvent>.Shared.Return(_events);
            _events = larger;
        }

        _events[Count++] = staged;
    }

    /// <summary>Chains the events of each partition in their order. Gives the first of each, -1 where there is none.</summary>
    public void Divide(Span<int> firsts, int partitionCount)
    {
        firsts.Fill(-1);
        for (var i = Count - 1; i >= 0; i--)
        {
            var shard = Shard.Of(Video(i));
            var partition = shard.Partition(partitionCount);
            _events[i].Shard = (byte)shard.Number;
            _events[i].Next = firsts[partition];
            firsts[partition] = i;
        }
    }

    public void Dispose()
    {
        if (_events.Length > 0) ArrayPool<StagedEvent>.Shared.Return(_events);
        (_events, Count) = ([], 0);
        body.Dispose();
    }
}
