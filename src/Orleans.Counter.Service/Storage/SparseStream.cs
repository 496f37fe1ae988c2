namespace Orleans.Counter.Storage;

/// <summary>A file of which only some stretches are here: what reads it gets those, and is refused everywhere else.</summary>
/// <param name="length">Of the whole file.</param>
/// <param name="stretches">What is here, and where in the file it begins.</param>
internal sealed class SparseStream(long length, params IReadOnlyList<(long Offset, ReadOnlyMemory<byte> Bytes)> stretches) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get; set; }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (Position >= length || buffer.IsEmpty) return 0;
        foreach (var (offset, bytes) in stretches)
        {
            var at = Position - offset;
            if (at < 0 || at >= bytes.Length) continue;
            var some = Math.Min(buffer.Length, bytes.Length - (int)at);
            bytes.Span.Slice((int)at, some).CopyTo(buffer);
            Position += some;
            return some;
        }

        throw new InvalidDataException($"Byte {Position} of {length} was not to be read: the footer points where it must not.");
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override long Seek(long offset, SeekOrigin origin)
    {
        var from = origin switch { SeekOrigin.Begin => 0, SeekOrigin.Current => Position, _ => length };
        if (from + offset < 0) throw new InvalidDataException($"Byte {from + offset} is before the file begins.");
        return Position = from + offset;
    }

    public override void Flush() => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
