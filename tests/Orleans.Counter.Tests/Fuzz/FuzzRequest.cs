using System.Globalization;
using System.Text;

namespace Orleans.Counter.Tests.Fuzz;

/// <summary>How the bytes of a body are sent.</summary>
internal enum Framing
{
    /// <summary>With their number.</summary>
    Length,

    /// <summary>In pieces, each with its number.</summary>
    Chunks,

    /// <summary>In pieces whose numbers are none.</summary>
    BrokenChunks,

    /// <summary>With a number that is too large; then the sender is done.</summary>
    Truncated,

    /// <summary>In pieces, without the last one; then the sender is done.</summary>
    TruncatedChunks,
}

/// <summary>A request as bytes: also one that no client library would send.</summary>
internal sealed class FuzzRequest
{
    public required string Method { get; set; }

    /// <summary>As it stands in the first line; each character is a byte.</summary>
    public required string Target { get; set; }

    public List<(string Name, string Value)> Headers { get; } = [];

    /// <summary>Null: the request has none.</summary>
    public byte[]? Body { get; set; }

    public Framing Framing { get; set; }

    /// <summary>False if it breaks the rules of HTTP in a way that the server itself may refuse, before it is a request to us.</summary>
    public bool IsHttp { get; set; } = true;

    public bool IsComplete => Body is null || Framing is Framing.Length or Framing.Chunks;

    public string? Header(string name) => Headers.LastOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Sets a header, instead of those that there are by this name.</summary>
    public void Set(string name, string value)
    {
        Headers.RemoveAll(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        Headers.Add((name, value));
    }

    public byte[] Bytes(Random random)
    {
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Method} {Target} HTTP/1.1\r\n");
        foreach (var (name, value) in Headers) head.Append(name).Append(": ").Append(value).Append("\r\n");
        if (Body is not null)
        {
            var length = Framing switch { Framing.Length => Body.Length, Framing.Truncated => Body.Length + 1 + random.Next(1000), _ => -1 };
            head.Append(length >= 0 ? string.Create(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n") : "Transfer-Encoding: chunked\r\n");
        }

        head.Append("\r\n");
        byte[] start = Encoding.Latin1.GetBytes(head.ToString());
        return Body is null ? start : Framing is Framing.Length or Framing.Truncated ? [.. start, .. Body] : [.. start, .. Chunks(Body, random)];
    }

    /// <summary>Enough to see what was sent.</summary>
    public override string ToString()
    {
        var body = Body is null ? "" : Encoding.Latin1.GetString(Body.AsSpan(0, Math.Min(Body.Length, 2_000)));
        return $"{Method} {Shown(Target)}\n{string.Join('\n', Headers.Select(header => $"{Shown(header.Name)}: {Shown(header.Value)}"))}\n({Framing}, {Body?.Length} bytes)\n{body}";
    }

    private static string Shown(string text) => text.Length <= 500 ? text : $"{text[..500]}… ({text.Length})";

    private List<byte> Chunks(byte[] body, Random random)
    {
        var bytes = new List<byte>();
        for (var at = 0; at < body.Length;)
        {
            var length = Math.Min(body.Length - at, 1 + random.Next(random.Next(2) == 0 ? 10 : 5_000));
            var size = Framing is Framing.BrokenChunks && random.Next(3) == 0 ? Odd.Pick(random, ["-1", "zz", "FFFFFFFFFFFF", "", "1;=\"", " 5 "]) : length.ToString("x", CultureInfo.InvariantCulture);
            bytes.AddRange(Encoding.Latin1.GetBytes(random.Next(10) == 0 ? $"{size};note=\"a b\"\r\n" : $"{size}\r\n"));
            bytes.AddRange(body.AsSpan(at, length));
            bytes.AddRange("\r\n"u8);
            at += length;
        }

        if (Framing is not Framing.TruncatedChunks) bytes.AddRange(Framing is Framing.BrokenChunks ? "0x\r\n\r\n"u8 : "0\r\n\r\n"u8);
        return bytes;
    }
}
