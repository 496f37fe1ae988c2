using System.Buffers;

namespace Orleans.Counter.Client;

/// <summary>A growing buffer out of the shared pool: a request of a thousand events would otherwise be a large object to collect every time.</summary>
/// <remarks>
/// <see cref="Return"/> it only when nothing can read it any more. A request that was given up may still be on its way to the network, and would
/// send what the next owner writes; its buffer is left to the garbage collector.
/// </remarks>
internal sealed class PooledBuffer(int sizeHint) : IBufferWriter<byte>
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(sizeHint);
    private int _written;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _written);

    public void Advance(int count) => _written += count;

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        var needed = _written + Math.Max(sizeHint, 1);
        if (needed > _bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * _bytes.Length));
            _bytes.AsSpan(0, _written).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }
        return _bytes.AsMemory(_written);
    }

    public void Return()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _written = 0;
    }
}
