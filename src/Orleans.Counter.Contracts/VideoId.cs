using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Orleans.Counter;

/// <summary>The name of one video: 1 to 64 characters of <c>A-Z a-z 0-9 _ -</c>; case matters.</summary>
/// <remarks>
/// The text is checked once, in <see cref="TryParse(string?, out VideoId)"/>. Code that holds a <see cref="VideoId"/> never checks again, and may use
/// <see cref="Value"/> as a grain key or as a part of a table key.
/// </remarks>
public readonly record struct VideoId
{
    /// <summary>The longest id, in characters.</summary>
    public const int LengthMax = 64;

    /// <summary>The rule in words, for error messages.</summary>
    public const string Rule = "a video id has 1 to 64 characters out of A-Z, a-z, 0-9, '_' and '-'";

    /// <summary>The rule as a regular expression, for descriptions.</summary>
    public const string Pattern = "^[A-Za-z0-9_-]{1,64}$";

    private VideoId(string value) => Value = value;

    /// <summary>The id as it was given.</summary>
    public string Value { get; }

    /// <summary>Reads an id; false if the text breaks <see cref="Rule"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out VideoId id)
    {
        id = default;
        if (string.IsNullOrEmpty(text) || text.Length > LengthMax) return false;
        foreach (var c in text) if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-')) return false;
        id = new(text);
        return true;
    }

    /// <summary>True if the UTF-8 text keeps <see cref="Rule"/>: the check without making a string.</summary>
    public static bool IsValid(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty || utf8.Length > LengthMax) return false;
        foreach (var b in utf8) if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'_' or (byte)'-')) return false;
        return true;
    }

    /// <summary>Reads an id from UTF-8 text; false if the text breaks <see cref="Rule"/>.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out VideoId id)
    {
        id = IsValid(utf8) ? new(Encoding.ASCII.GetString(utf8)) : default;
        return id.Value is not null;
    }

    /// <summary>Reads an id.</summary>
    /// <exception cref="FormatException">The text breaks <see cref="Rule"/>.</exception>
    public static VideoId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a video id: {Rule}.");

    /// <inheritdoc/>
    public override string ToString() => Value;
}
