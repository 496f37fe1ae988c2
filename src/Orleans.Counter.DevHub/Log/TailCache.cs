namespace Orleans.Counter.Dev.Log;

/// <summary>The newest bytes of a log in memory: what is being written, and what readers at the end will ask for next.</summary>
/// <remarks>
/// The writer composes records here and writes them to the file from here. Bytes never change once written, so a reader may keep what it was given
/// after it was dropped here. One thread writes, any may read up to what the log has published.
/// </remarks>
internal sealed class TailCache(int bytesMax)
{
    // Small enough to stay out of the large object heap.
    private const int BlockBytes = 64 * 1024;

    private readonly List<Block> _blocks = [];
    private long _bytes;

    /// <summary>Room for a record at this offset, which must be where the last record ended.</summary>
    public Block Reserve(long offset, int lengthMax)
    {
        if (_blocks.Count > 0 && _blocks[^1] is var last && last.Free >= lengthMax)
            return last;
        var block = new Block(offset, new byte[Math.Max(BlockBytes, lengthMax)]);
        lock (_blocks)
            _blocks.Add(block);
        _bytes += block.Bytes.Length;
        return block;
    }

    /// <summary>The cached bytes from <paramref name="offset"/> to <paramref name="endOffset"/>, or as many of them as lie together.</summary>
    public bool TryGet(long offset, long endOffset, out ReadOnlyMemory<byte> bytes)
    {
        lock (_blocks)
        {
            for (var i = _blocks.Count - 1; i >= 0; i--)
            {
                var block = _blocks[i];
                if (offset < block.Offset)
                    continue;
                var length = Math.Min(endOffset, block.EndOffset) - offset;
                bytes = length > 0 ? block.Bytes.AsMemory((int)(offset - block.Offset), (int)length) : default;
                return length > 0;
            }
        }

        bytes = default;
        return false;
    }

    /// <summary>Drops the oldest bytes beyond the bound. The newest block always stays: the next record may go there.</summary>
    public void Trim()
    {
        var drop = 0;
        while (_bytes > bytesMax && drop < _blocks.Count - 1)
            _bytes -= _blocks[drop++].Bytes.Length;
        if (drop == 0)
            return;
        lock (_blocks)
            _blocks.RemoveRange(0, drop);
    }

    internal sealed class Block(long offset, byte[] bytes)
    {
        public long Offset { get; } = offset;

        public byte[] Bytes { get; } = bytes;

        public int Length { get; private set; }

        public int Free => Bytes.Length - Length;

        public long EndOffset => Offset + Length;

        public Span<byte> Tail => Bytes.AsSpan(Length);

        public void Advance(int count) => Length += count;
    }
}
