using System.Buffers;
using Orleans.Counter.Http;

namespace Orleans.Counter.Ingest;

/// <summary>The bytes of one request, whole and in one piece, so that the events in it can be places rather than strings.</summary>
internal sealed class EventBody : IDisposable
{
    private const int FirstBytes = 16 * 1024;
    private byte[] _bytes;

    private EventBody(int capacity) => _bytes = ArrayPool<byte>.Shared.Rent(capacity);

    public int Length { get; private set; }

    /// <summary>What was read, writable: the reader of events unescapes in place.</summary>
    public Span<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Reads the body to its end; null if it is longer than <paramref name="bytesMax"/>, as declared or as sent.</summary>
    /// <remarks>The buffer grows with what really comes, so a large declared length alone takes no memory.</remarks>
    public static async ValueTask<EventBody?> Read(HttpRequest request, int bytesMax, CancellationToken cancellationToken)
    {
        if (request.ContentLength > bytesMax) return null;
        var body = new EventBody((int)Math.Min(request.ContentLength ?? FirstBytes, FirstBytes));
        try
        {
            while (true)
            {
                var read = await request.BodyReader.ReadAsync(cancellationToken);
                var fits = body.Length + read.Buffer.Length <= bytesMax;
                if (fits) foreach (var segment in read.Buffer) body.Append(segment.Span);
                request.BodyReader.AdvanceTo(read.Buffer.End);
                if (fits && !read.IsCompleted) continue;
                if (fits) return body;
                body.Dispose();
                return null;
            }
        }
        catch (Exception broken)
        {
            body.Dispose();
            if (broken is IOException and not BadHttpRequestException) throw JsonBody.Breaks((IOException)broken);
            throw;
        }
    }

    /// <summary>A body that is already at hand.</summary>
    public static EventBody Of(ReadOnlySpan<byte> bytes)
    {
        var body = new EventBody(bytes.Length);
        body.Append(bytes);
        return body;
    }

    /// <summary>Adds bytes at the end, and says where they are.</summary>
    public int Append(ReadOnlySpan<byte> bytes)
    {
        var start = Length;
        if (_bytes.Length - start < bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(start + bytes.Length, 2 * _bytes.Length));
            Bytes.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        bytes.CopyTo(_bytes.AsSpan(start));
        Length += bytes.Length;
        return start;
    }

    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, Length) = ([], 0);
    }
}
