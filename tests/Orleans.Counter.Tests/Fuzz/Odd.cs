using System.Text;

namespace Orleans.Counter.Tests.Fuzz;

/// <summary>What nobody should send, and somebody will. Every text has <see cref="Mark"/> in it, by which it is found where it must not be.</summary>
internal static class Odd
{
    public const string Mark = "zq7";

    /// <summary>Texts as bytes, for addresses and headers: some are no UTF-8.</summary>
    private static readonly byte[][] Bytes =
    [
        .. new[]
        {
            Mark, $"{Mark} ", $"{Mark}' or 1 eq 1 or RowKey gt '", $"{Mark}\"", $"{Mark}/../../../../etc/passwd", $"..\\..\\{Mark}", $"{Mark}\u0000x", $"{Mark}\r\nSet-Cookie: a=b", $"{Mark}\u202Egnp.exe", $"{Mark}\u200B\uFEFF",
            $"{Mark}ä̈́ß漢字🐈‍⬛", $"<script>alert('{Mark}')</script>", $"${{jndi:ldap://{Mark}}}", $"{{{{7*7}}}}{Mark}", $"%2e%2e%2f{Mark}", $"{Mark}%00", $"-{Mark}", $"{Mark}|{Mark}", $"{Mark}#?&=;", $"{Mark}\u0085\u2028", $"{Mark}\\u0000",
            new string('a', 65) + Mark, Mark + new string('9', 300), Mark + new string('é', 1_000), new string('v', 64) + Mark, Mark + new string('v', 60) + "🐈🐈",
        }.Select(Encoding.UTF8.GetBytes),
        [.. "zq7"u8, 0xC0, 0xAF], // a slash, overlong
        [.. "zq7"u8, 0xED, 0xA0, 0x80], // half of a surrogate pair
        [.. "zq7"u8, 0xFF, 0xFE],
        [.. "zq7"u8, 0xF4, 0x90, 0x80, 0x80], // beyond Unicode
    ];

    /// <summary>Texts of parameters that are nearly right.</summary>
    private static readonly string[] Nearly =
    [
        "", "0", "-1", "1", "101", "1e3", "NaN", "Infinity", "999999999999999999999999", "9223372036854775807", "-9223372036854775808", "2147483648", "true", "TRUE", "null", "[]", "{}", "View", "view ", "view,like", "count,,sum", "auto,auto", "UTC ", "utc", "Europe/Berlin",
        "9999-12-31T23:59Z", "0001-01-01T00:00Z", "1970-01-01T00:00Z", "1969-12-31T23:59Z", "6053-01-23T02:08Z", "2026-02-30T00:00Z", "2026-11-23T10:05:30Z", "2026-11-23T10:05", "2026-11-23T10:05:00.0000000Z", "2026-11-23T10:05:00+14:00", "2026-11-23T10:05:00-99:99", "2026-11-23T24:00Z", "20261123T1005Z", "9999-12-31T23:59-14:00",
        "AQ", "AQcAAAAAAAAABwEAAAAAAA", "====", new string('A', 5_000), "auto", "minute", "day", "hour", "week", "month",
    ];

    /// <summary>Values in a body of JSON that are of another type, too large, too deep, or no JSON.</summary>
    private static readonly string[] Json =
    [
        "null", "true", "0", "-0", "-1", "1.5", "1e308", "1e999", "-1e999", "1e-400", "9223372036854775808", "-9223372036854775808", "123456789012345678901234567890", new string('9', 5_000), "0.1e", "01", "+1", "NaN", "Infinity", "1_000",
        "[]", "{}", "[[[[[[[[]]]]]]]]", new string('[', 1_000) + new string(']', 1_000), new string('[', 20_000), string.Concat(Enumerable.Repeat("{\"a\":", 500)) + "1" + new string('}', 500),
        "\"\"", $"\"{Mark}\"", $"\"{Mark}\\ud800\"", $"\"{Mark}\\udc00\\ud800\"", $"\"{Mark}\\ud83d\\ude00\"", $"\"{Mark}\\u0000\"", $"\"{Mark}\\u202e\"", $"\"{Mark}\u202e\"", $"\"{Mark}漢字🐈\"", $"\"{Mark}\\", $"\"{Mark}\\x41\"", $"\"{Mark}\t\"", $"'{Mark}'",
        $"\"{Mark}' or 1 eq 1\"", $"\"../{Mark}\"", $"\"{Mark}{new string('x', 3_000)}\"", "\"9999-12-31T23:59:59Z\"", "\"0001-01-01T00:00:00Z\"", "\"2026-11-23T10:05:00\"", "\"1e5\"", "/**/1", "undefined", "\"9999-12-31T23:59:59.999999999-23:59\"",
    ];

    public static T Pick<T>(Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];

    /// <summary>A text for an address, so encoded that it arrives.</summary>
    public static string Encoded(Random random) =>
        random.Next(2) == 0 ? Uri.EscapeDataString(Pick(random, Nearly)) : string.Concat(Pick(random, Bytes).Select(b => char.IsAsciiLetterOrDigit((char)b) ? $"{(char)b}" : $"%{b:X2}"));

    /// <summary>A text for a header: each character is a byte.</summary>
    public static string Raw(Random random) => Encoding.Latin1.GetString(Pick(random, Bytes));

    /// <summary>A value for a body of JSON, as it is written.</summary>
    public static string Value(Random random) => Pick(random, Json);
}
