using System.Globalization;

namespace Orleans.Counter.Dev.Hubs;

/// <summary>How offsets are written: as a number or, as in namespaces with replicas in other regions, as text that is none.</summary>
/// <remarks>Clients may keep an offset and give it back, and nothing else. Either form is understood.</remarks>
internal static class OffsetText
{
    public const int LengthMax = 24;

    private const string Region = "1:";

    public static int Write(Span<char> destination, long offset, bool geo)
    {
        var prefix = geo && offset >= 0 ? Region : "";
        prefix.CopyTo(destination);
        offset.TryFormat(destination[prefix.Length..], out var digits, provider: CultureInfo.InvariantCulture);
        return prefix.Length + digits;
    }

    public static string Of(long offset, bool geo)
    {
        Span<char> text = stackalloc char[LengthMax];
        return new string(text[..Write(text, offset, geo)]);
    }

    public static bool TryRead(string text, out long offset) => long.TryParse(
        text.StartsWith(Region, StringComparison.Ordinal) ? text.AsSpan(Region.Length) : text,
        NumberStyles.AllowLeadingSign,
        CultureInfo.InvariantCulture,
        out offset);
}
