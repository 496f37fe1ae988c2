using System.Globalization;
using Orleans.Counter.Http;
using Orleans.Counter.Query;

namespace Orleans.Counter.History;

/// <summary>The texts of a line, as they were written; null where it says nothing.</summary>
internal readonly record struct HistoryLine(string? VideoId, string? Type, string? Timestamp, string? Count, string? Sum, string? Min, string? Max)
{
    /// <summary>More than any minute of any video ever had; sums of many years still fit.</summary>
    public const long CountMax = 1_000_000_000_000;

    /// <summary>All members, in the order of this type's.</summary>
    public static readonly string[] Members = ["videoId", "type", "timestamp", "count", "sum", "min", "max"];

    /// <summary>How many of the members every line has.</summary>
    public const int Required = 4;

    // A sum that somebody else has added up, in whatever order.
    private const double Inexact = 1e-9;

    public static HistoryLine Of(ReadOnlySpan<string?> texts) => new(texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], texts[6]);

    /// <summary>Reads the texts; where one is wrong, the answer says what would be right.</summary>
    public (HistoryMinute Minute, (string Code, string Detail)? Wrong) Read()
    {
        if (!Counter.VideoId.TryParse(VideoId, out var video)) return Breaks("invalid_video_id", $"{Shown("videoId", VideoId)}; a video id is {Counter.VideoId.Rule}.");
        if (!EventType.TryParse(Type, out var type)) return Breaks("invalid_type", $"{Shown("type", Type)}; an event type is {EventType.Rule}.");
        if (Timestamp is null || !Question.TryMinute(Timestamp, out var minute)) return Breaks("invalid_timestamp", $"{Shown("timestamp", Timestamp)}; a whole minute with its offset would be right, such as 2024-11-23T10:05:00Z.");
        if (!long.TryParse(Count, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > CountMax) return Breaks("invalid_count", $"{Shown("count", Count)}; it is a whole number from 0 to {CountMax}.");
        if (!TryNumber(Sum, count, out var sum)) return Breaks("invalid_sum", $"{Shown("sum", Sum)}; it is a number that a 64-bit floating-point number can hold, and the count if nothing is said.");
        if (!TryNumber(Min, Math.Sign(count), out var min)) return Breaks("invalid_min", $"{Shown("min", Min)}; it is a number that a 64-bit floating-point number can hold, and 1 if nothing is said.");
        if (!TryNumber(Max, Math.Sign(count), out var max)) return Breaks("invalid_max", $"{Shown("max", Max)}; it is a number that a 64-bit floating-point number can hold, and 1 if nothing is said.");
        if (count == 0) return sum == 0 && min == 0 && max == 0 ? (new(video, type, minute, Cell.Nothing), null) : Breaks("invalid_sum", "'count' is 0: then 'sum', 'min' and 'max' are left out, or 0.");
        if (min > max || (count == 1 && min != max)) return Breaks("invalid_min", $"'min' is {min:R} and 'max' is {max:R}: {(count == 1 ? "of one event they are the same" : "the smallest value is not larger than the largest")}.");

        // One event has the smallest value, and one the largest.
        var (least, most) = (((count - 1) * min) + max, ((count - 1) * max) + min);
        var slack = Inexact * Math.Max(Math.Abs(sum), Math.Max(Math.Abs(least), Math.Abs(most)));
        if (sum < least - slack || sum > most + slack) return Breaks("invalid_sum", $"'sum' is {sum:R}: the values of {count} events, of which the smallest is {min:R} and the largest is {max:R}, come to {least:R} at least and {most:R} at most.");
        return (new(video, type, minute, new(count, sum, min, max)), null);
    }

    private static bool TryNumber(string? text, double standard, out double number)
    {
        number = standard;
        return text is null || (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number));
    }

    private static string Shown(string name, string? text) => text is null ? $"'{name}' is missing" : $"'{name}' is '{JsonBody.Shown(text)}'";

    private static (HistoryMinute, (string, string)?) Breaks(string code, string detail) => (default, (code, detail));
}

/// <summary>What a minute of a type of a video holds.</summary>
internal readonly record struct HistoryMinute(VideoId Video, EventType Type, Minute Minute, Cell Cell)
{
    public DateOnly Day => Storage.TableLayout.DayOf(Minute.Hour);
}
