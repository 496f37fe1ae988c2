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

    /// <summary>Takes out events that were taken in. Says of each what is wrong, in its place among those that were rejected before.</summary>
    /// <param name="isRejected">Of an event of this batch, by its index here.</param>
    /// <param name="reject">Makes the rejection of an event, by its index in the request.</param>
    public void Reject(Func<int, bool> isRejected, Func<int, Rejection> reject)
    {
        var (before, kept, next) = (Rejected.ToArray(), 0, 0);
        Rejected.Clear();
        for (var i = 0; i < Count; i++)
        {
            // Every event of the request is either here or rejected, both in their order: that tells the index of each.
            while (next < before.Length && before[next].Index == i + next) Rejected.Add(before[next++]);
            if (isRejected(i)) Rejected.Add(reject(i + next));
            else _events[kept++] = _events[i];
        }

        Rejected.AddRange(before.AsSpan(next));
        Count = kept;
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
