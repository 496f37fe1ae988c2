using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orleans.Counter.Tests.Fuzz;

/// <summary>What came back, as bytes. A stream of events ends here after its first event.</summary>
internal sealed record RawAnswer(int Status, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    public string? Header(string name) => Headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public string? MediaType => Header("Content-Type")?.Split(';')[0].Trim();
}

/// <summary>A connection over which a test says exactly the bytes that it means, and reads one answer after the other.</summary>
internal sealed class RawConnection : IDisposable
{
    /// <summary>The longest answer that there may be.</summary>
    public const int AnswerBytesMax = 2 * 1024 * 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _read = new byte[16 * 1024];
    private (int Start, int End) _unread;

    /// <summary>False if nothing more can be asked here.</summary>
    public bool IsOpen { get; private set; } = true;

    public static async Task<RawConnection> Open(int port, CancellationToken cancellationToken)
    {
        var connection = new RawConnection();
        await connection._socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        return connection;
    }

    /// <summary>Sends a request and reads its answer.</summary>
    /// <returns>Null if the server has ended the connection instead.</returns>
    /// <exception cref="InvalidDataException">The answer is longer than it may be, or is no HTTP.</exception>
    /// <exception cref="EndOfStreamException">The answer breaks off.</exception>
    public async Task<RawAnswer?> Ask(byte[] request, bool isHead, bool isComplete, CancellationToken cancellationToken)
    {
        try
        {
            await Send(request, cancellationToken);
            if (!isComplete) _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            IsOpen = false; // Refused before it was read to its end: the answer may be there all the same.
        }

        try
        {
            var answer = await Read(isHead, cancellationToken);
            IsOpen &= isComplete && answer is not null && answer.Header("Connection") is not "close" && answer.MediaType is not "text/event-stream";
            return answer;
        }
        catch (SocketException)
        {
            IsOpen = false;
            return null;
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task Send(byte[] request, CancellationToken cancellationToken)
    {
        for (var sent = 0; sent < request.Length;) sent += await _socket.SendAsync(request.AsMemory(sent), cancellationToken);
    }

    private async Task<RawAnswer?> Read(bool isHead, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await Line(cancellationToken) is not { } first) return null;
            if (!first.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)) throw new InvalidDataException($"An answer begins with '{first}'.");
            var status = int.Parse(first.AsSpan(9, 3), CultureInfo.InvariantCulture);
            var headers = new List<(string, string)>();
            while (await Line(cancellationToken) is { Length: > 0 } line) headers.Add((line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()));
            if (status < 200) continue; // 100: go on
            var answer = new RawAnswer(status, headers, []);
            return isHead || status is 204 or 304 ? answer : answer with { Body = await Body(answer, cancellationToken) };
        }
    }

    private async Task<byte[]> Body(RawAnswer answer, CancellationToken cancellationToken)
    {
        var body = new MemoryStream();
        if (answer.Header("Transfer-Encoding") is "chunked")
        {
            while (int.Parse(await Line(cancellationToken) ?? throw new EndOfStreamException("The answer breaks off."), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) is > 0 and var length)
            {
                await Copy(body, length, cancellationToken);
                await Line(cancellationToken);
                if (answer.MediaType is "text/event-stream" && body.GetBuffer().AsSpan(0, (int)body.Length).EndsWith("\n\n"u8)) return body.ToArray();
            }

            await Line(cancellationToken);
        }
        else if (answer.Header("Content-Length") is { } length) await Copy(body, int.Parse(length, CultureInfo.InvariantCulture), cancellationToken);
        else throw new InvalidDataException($"An answer {answer.Status} does not say how long it is.");
        return body.ToArray();
    }

    private async Task Copy(MemoryStream body, int length, CancellationToken cancellationToken)
    {
        if (body.Length + length > AnswerBytesMax) throw new InvalidDataException($"An answer is longer than {AnswerBytesMax} bytes.");
        while (length > 0)
        {
            if (!await Fill(cancellationToken)) throw new EndOfStreamException("The answer breaks off.");
            var some = Math.Min(length, _unread.End - _unread.Start);
            body.Write(_read, _unread.Start, some);
            _unread.Start += some;
            length -= some;
        }
    }

    // Null: the other side has ended the connection.
    private async Task<string?> Line(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (await Fill(cancellationToken))
        {
            var b = _read[_unread.Start++];
            if (b is (byte)'\n') return line.ToString().TrimEnd('\r');
            if (line.Append((char)b).Length > 32 * 1024) throw new InvalidDataException("A line of an answer is longer than 32 KiB.");
        }

        IsOpen = false;
        return line.Length is 0 ? null : throw new EndOfStreamException("The answer breaks off.");
    }

    private async ValueTask<bool> Fill(CancellationToken cancellationToken)
    {
        if (_unread.Start < _unread.End) return true;
        _unread = (0, await _socket.ReceiveAsync(_read, cancellationToken));
        return _unread.End > 0;
    }
}
