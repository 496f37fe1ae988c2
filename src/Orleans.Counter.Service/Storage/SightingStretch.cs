using System.Globalization;

namespace Orleans.Counter.Storage;

/// <summary>A stretch of a partition's log inside one generation. Its name says all of it, so that a reader chooses by names what to load.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Generation">The generation that the log had reached there.</param>
/// <param name="After">The place after which it begins.</param>
/// <param name="Through">The last message that it covers.</param>
/// <param name="Follows">
/// If the generation begins where the stretch does: the generation before it in the log, or <see cref="LogBegins"/>. Null if the stretch begins later, or nobody knows.
/// </param>
internal readonly record struct SightingStretch(int Partition, long Generation, Position After, Position Through, long? Follows)
{
    /// <summary>In place of the generation before the first one.</summary>
    public const long LogBegins = -1;

    private const string First = "first";

    /// <summary>Sorts as the log does.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{Partition}/{Generation:d10}/{After.Value:x16}-{Through.Value:x16}{Begins}");

    private string Begins => Follows switch
    {
        null => "",
        LogBegins => $"-{First}",
        { } before => string.Create(CultureInfo.InvariantCulture, $"-{before:d10}"),
    };

    /// <summary>Reads a <see cref="Name"/>; null if it is none.</summary>
    public static SightingStretch? Parse(string name)
    {
        if (name.Split('/') is not [var partition, var generation, var range] || range.Split('-') is not [var after, var through, .. var begins] || begins.Length > 1) return null;
        if (!int.TryParse(partition, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || !Decimal(generation, out var own)) return null;
        if (!Hex(after, out var first) || !Hex(through, out var last)) return null;
        if (begins is [] or [First]) return new(number, own, first, last, begins is [] ? null : LogBegins);
        return Decimal(begins[0], out var before) ? new(number, own, first, last, before) : null;
    }

    private static bool Decimal(string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    private static bool Hex(string text, out Position position)
    {
        var is64Bit = long.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && value >= 0 && text.Length == 16;
        position = new(value);
        return is64Bit;
    }
}
