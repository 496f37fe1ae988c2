using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.IO.Hashing;
using System.Text;

namespace Orleans.Counter.Http;

/// <summary>Where a page of a list ended, as a caller brings it back: opaque, and with a checksum that finds mistakes.</summary>
internal static class PageCursor
{
    private const int LengthMax = 4_096;

    public static string Write(string place)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(place) + sizeof(uint)];
        Encoding.UTF8.GetBytes(place, bytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - sizeof(uint)), XxHash32.HashToUInt32(bytes.AsSpan(0, bytes.Length - sizeof(uint))));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads a cursor; false if it is none of ours.</summary>
    public static bool TryRead(string cursor, [NotNullWhen(true)] out string? place)
    {
        place = null;
        if (cursor.Length > LengthMax || !Base64Url.IsValid(cursor)) return false;
        ReadOnlySpan<byte> bytes = Base64Url.DecodeFromChars(cursor);
        if (bytes.Length <= sizeof(uint)) return false;
        var text = bytes[..^sizeof(uint)];
        if (XxHash32.HashToUInt32(text) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[^sizeof(uint)..])) return false;
        place = Encoding.UTF8.GetString(text);
        return true;
    }
}
