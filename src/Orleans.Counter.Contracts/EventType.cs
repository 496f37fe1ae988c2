using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Orleans.Counter;

/// <summary>What happened to a video: <c>view</c>, <c>like</c>, <c>watch_seconds</c>, … A lower-case letter, then up to 31 of <c>a-z 0-9 _</c>.</summary>
public readonly record struct EventType
{
    /// <summary>The longest type, in characters.</summary>
    public const int LengthMax = 32;

    /// <summary>How many types one video may have; events of further types are dead-lettered.</summary>
    public const int PerVideoMax = 32;

    /// <summary>The rule in words, for error messages.</summary>
    public const string Rule = "a type begins with a-z and has at most 32 characters out of a-z, 0-9 and '_'";

    /// <summary>The rule as a regular expression, for descriptions.</summary>
    public const string Pattern = "^[a-z][a-z0-9_]{0,31}$";

    /// <summary>The type of an event that names none.</summary>
    public static readonly EventType View = new("view");

    private EventType(string value) => Value = value;

    /// <summary>The type as it was given.</summary>
    public string Value { get; }

    /// <summary>Reads a type; false if the text breaks <see cref="Rule"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out EventType type)
    {
        type = default;
        if (string.IsNullOrEmpty(text) || text.Length > LengthMax || !char.IsAsciiLetterLower(text[0])) return false;
        foreach (var c in text) if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not '_') return false;
        type = new(text);
        return true;
    }

    /// <summary>True if the UTF-8 text keeps <see cref="Rule"/>: the check without making a string.</summary>
    public static bool IsValid(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty || utf8.Length > LengthMax || !char.IsAsciiLetterLower((char)utf8[0])) return false;
        foreach (var b in utf8) if (!char.IsAsciiLetterLower((char)b) && !char.IsAsciiDigit((char)b) && b is not (byte)'_') return false;
        return true;
    }

    /// <summary>Reads a type from UTF-8 text; false if the text breaks <see cref="Rule"/>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out EventType type)
    {
        type = !IsValid(utf8) ? default : utf8.SequenceEqual("view"u8) ? View : new(Encoding.ASCII.GetString(utf8));
        return type.Value is not null;
    }

    /// <summary>Reads a type.</summary>
    /// <exception cref="FormatException">The text breaks <see cref="Rule"/>.</exception>
    public static EventType Parse(string text) =>
        TryParse(text, out var type) ? type : throw new FormatException($"'{text}' is not an event type: {Rule}.");

    /// <inheritdoc/>
    public override string ToString() => Value;
}
