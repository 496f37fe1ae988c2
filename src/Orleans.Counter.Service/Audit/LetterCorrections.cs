using System.Globalization;
using System.Text.Json;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Audit;

/// <summary>What a dead letter says was to be counted, as corrections: one for each minute of a type of a video, whose id is made of the letter's name, so that one that was made is never made again.</summary>
internal static class LetterCorrections
{
    /// <summary>The corrections, in an order that is always the same; null, and why, if there is nothing in it that could be counted.</summary>
    public static (IReadOnlyList<Correction>? Corrections, string? Why) Of(KeptLetter letter, DateTimeOffset now)
    {
        try
        {
            return letter.Head.Reason switch
            {
                "out_of_time" => (OutOfTime(letter, now), null),
                "too_many_types" => (TooManyTypes(letter, now), null),
                "undecodable" => (null, "It is a message that this service cannot read: what it holds nobody can say. Whoever sent it has to send its events again."),
                _ => (null, $"Its reason is '{letter.Head.Reason}', which this version does not know."),
            };
        }
        catch (Exception spoiled) when (spoiled is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            return (null, $"Its body is not what this service writes: {spoiled.Message}");
        }
    }

    private static IReadOnlyList<Correction> OutOfTime(KeptLetter letter, DateTimeOffset now)
    {
        var cells = new Dictionary<(VideoId Video, EventType Type, Minute Minute), Cell>();
        using var body = JsonDocument.Parse(letter.Body);
        foreach (var one in body.RootElement.EnumerateArray())
        {
            var key = (Video(one), Type(one), Minute.Of(one.GetProperty("timestamp").GetDateTimeOffset()));
            cells[key] = cells.GetValueOrDefault(key) + Cell.One(one.GetProperty("value").GetDouble());
        }

        if (cells.Count == 0) throw new FormatException("It holds no event.");
        return [.. cells.Select(cell => Correct(letter, cell.Key.Video, cell.Key.Type, cell.Key.Minute, cell.Value, now))];
    }

    private static IReadOnlyList<Correction> TooManyTypes(KeptLetter letter, DateTimeOffset now)
    {
        using var body = JsonDocument.Parse(letter.Body);
        var one = body.RootElement;
        var cell = new Cell(one.GetProperty("count").GetInt64(), one.GetProperty("sum").GetDouble(), one.GetProperty("min").GetDouble(), one.GetProperty("max").GetDouble());
        return [Correct(letter, Video(one), Type(one), Minute.Of(one.GetProperty("minute").GetDateTimeOffset()), cell, now)];
    }

    private static VideoId Video(JsonElement one) => VideoId.Parse(one.GetProperty("videoId").GetString() ?? "");

    private static EventType Type(JsonElement one) => EventType.Parse(one.GetProperty("type").GetString() ?? "");

    // The first two parts of the name say where in the log it stood. No correction that somebody makes by hand begins with a dot.
    private static Correction Correct(KeptLetter letter, VideoId video, EventType type, Minute minute, Cell cell, DateTimeOffset now) => new(
        string.Create(CultureInfo.InvariantCulture, $".{letter.Head.Id.Split('-')[0].Replace('/', '.')}.{type}.{minute.Number}"),
        video, type, minute, cell.Count, cell.Sum, $"Dead letter {LetterId.Of(letter.Head.Id)}", now, cell.Min, cell.Max);
}
