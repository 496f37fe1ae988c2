namespace Orleans.Counter.Ingest;

/// <summary>Reads a moment as RFC 3339 writes it: <c>2026-11-23T10:05:00.250+01:00</c>.</summary>
/// <remarks>
/// The offset is required: a local time without one is a guess. Any number of fraction digits is read, and cut to milliseconds. A second 60 is refused.
/// </remarks>
internal static class Rfc3339
{
    /// <summary>Reads the whole text; false if it is anything else.</summary>
    public static bool TryRead(ReadOnlySpan<byte> utf8, out long unixMilliseconds)
    {
        unixMilliseconds = 0;
        if (utf8.Length < 20 || utf8[4] != '-' || utf8[7] != '-' || (utf8[10] | 0x20) != 't' || utf8[13] != ':' || utf8[16] != ':') return false;
        if (!Digits(utf8[..4], out var year) || !Digits(utf8[5..7], out var month) || !Digits(utf8[8..10], out var day)) return false;
        if (!Digits(utf8[11..13], out var hour) || !Digits(utf8[14..16], out var minute) || !Digits(utf8[17..19], out var second)) return false;
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59) return false;

        var rest = utf8[19..];
        if (!Fraction(ref rest, out var milliseconds) || !Offset(rest, out var offsetMinutes)) return false;
        var local = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc);
        unixMilliseconds = ((local.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond) + milliseconds - (offsetMinutes * 60_000L);
        return true;
    }

    private static bool Fraction(ref ReadOnlySpan<byte> rest, out int milliseconds)
    {
        milliseconds = 0;
        if (rest[0] != '.') return true;
        var digits = rest[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        if (digits <= 0) return false;
        for (var i = 1; i <= 3; i++) milliseconds = (milliseconds * 10) + (i <= digits ? rest[i] - '0' : 0);
        rest = rest[(digits + 1)..];
        return true;
    }

    private static bool Offset(ReadOnlySpan<byte> rest, out int minutes)
    {
        minutes = 0;
        if (rest.Length == 1) return (rest[0] | 0x20) == 'z';
        if (rest.Length != 6 || rest[0] is not ((byte)'+' or (byte)'-') || rest[3] != ':') return false;
        if (!Digits(rest[1..3], out var hour) || !Digits(rest[4..6], out var minute) || hour > 23 || minute > 59) return false;
        minutes = ((hour * 60) + minute) * (rest[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool Digits(ReadOnlySpan<byte> utf8, out int number)
    {
        number = 0;
        foreach (var b in utf8)
        {
            if (b is < (byte)'0' or > (byte)'9') return false;
            number = (number * 10) + b - '0';
        }

        return true;
    }
}
