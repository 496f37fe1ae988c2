using System.Globalization;
using System.IO.Hashing;

namespace Orleans.Counter.Storage;

/// <summary>Passes on what is written, and says of each stretch of it what its checksum is.</summary>
internal sealed class HashingStream(Stream output) : Stream
{
    public const int ChecksumBytes = sizeof(ulong);

    private readonly XxHash3 _hash = new();
    private Stream _output = output;
    private long _written;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _written;

    public override long Position
    {
        get => _written;
        set => throw new NotSupportedException();
    }

    /// <summary>The checksum of what was written since the last call.</summary>
    public string Next()
    {
        var text = Text(_hash.GetCurrentHashAsUInt64());
        _hash.Reset();
        return text;
    }

    /// <summary>Holds back what is written from now on.</summary>
    public MemoryStream Hold()
    {
        var held = new MemoryStream();
        _output = held;
        return held;
    }

    /// <summary>What <see cref="Next"/> says of these bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => Text(XxHash3.HashToUInt64(bytes));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _hash.Append(buffer);
        _written += buffer.Length;
        _output.Write(buffer);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _hash.Append(buffer.Span);
        _written += buffer.Length;
        await _output.WriteAsync(buffer, cancellationToken);
    }

    public override void Flush()
    {
        // The output is flushed by who owns it.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static string Text(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);
}
