using System.IO.Hashing;

namespace Orleans.Counter;

/// <summary>The 64 bits by which a repeated event is recognised: what a frame carries in its column <c>id</c> instead of the text.</summary>
/// <remarks>
/// Part of the wire format, and never to change: <c>XxHash3(type, '\n', id)</c> with seed 0 over the UTF-8 bytes. A type holds no line break, so two different pairs never
/// give the same bytes. 0 is reserved for an event without an id; a hash that happens to be 0 becomes 1. The video is not part of it: a repeat is
/// looked for among the events of its own video.
/// </remarks>
public static class IdHash
{
    /// <summary>The longest event id, in characters.</summary>
    public const int IdLengthMax = 128;

    /// <summary>The rule for an event id in words, for error messages.</summary>
    public const string Rule = "an event id has 1 to 128 printable ASCII characters (U+0020 to U+007E)";

    /// <summary>The rule for an event id as a regular expression, for descriptions.</summary>
    public const string Pattern = "^[ -~]{1,128}$";

    /// <summary>What stands for an event without an id, which is never recognised as a repeat.</summary>
    public const ulong None = 0;

    /// <summary>True if the UTF-8 text keeps <see cref="Rule"/>.</summary>
    public static bool IsValid(ReadOnlySpan<byte> idUtf8) =>
        idUtf8.Length is > 0 and <= IdLengthMax && !idUtf8.ContainsAnyExceptInRange((byte)0x20, (byte)0x7E);

    /// <summary>The hash of an event id that is valid, under a type that is valid. Never <see cref="None"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type is longer than <see cref="EventType.LengthMax"/>, or the id longer than <see cref="IdLengthMax"/>.</exception>
    public static ulong Of(ReadOnlySpan<byte> typeUtf8, ReadOnlySpan<byte> idUtf8)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(typeUtf8.Length, EventType.LengthMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(idUtf8.Length, IdLengthMax);
        Span<byte> both = stackalloc byte[EventType.LengthMax + 1 + IdLengthMax];
        typeUtf8.CopyTo(both);
        both[typeUtf8.Length] = (byte)'\n';
        idUtf8.CopyTo(both[(typeUtf8.Length + 1)..]);
        return Math.Max(1, XxHash3.HashToUInt64(both[..(typeUtf8.Length + 1 + idUtf8.Length)]));
    }
}
