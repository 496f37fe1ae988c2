using System.Globalization;

namespace Orleans.Counter.Ingest;

/// <summary>Unescapes JSON strings that may only hold ASCII: without exceptions for what is not, such as half a surrogate pair.</summary>
internal static class JsonAscii
{
    /// <summary>Unescapes in place a text whose escapes the JSON parser has already checked; false if one of them is not ASCII.</summary>
    public static bool Unescape(Span<byte> text, out int length)
    {
        length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            if (b == '\\' && !Escape(text[++i..], ref i, out b)) return false;
            text[length++] = b;
        }

        return true;
    }

    // The text begins behind the backslash; i stays on the last byte of the escape.
    private static bool Escape(ReadOnlySpan<byte> text, ref int i, out byte b)
    {
        b = text[0] switch { (byte)'b' => 8, (byte)'f' => 12, (byte)'n' => 10, (byte)'r' => 13, (byte)'t' => 9, var itself => itself };
        if (text[0] != 'u') return true;
        if (!int.TryParse(text.Slice(1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) || unit > 0x7F) return false;
        (b, i) = ((byte)unit, i + 4);
        return true;
    }
}
