using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsvHelper;
using CsvHelper.Configuration;
using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Import;

/// <summary>A minute of a file, and the line that says it.</summary>
/// <param name="Line">From 1, the header of a CSV file included.</param>
/// <param name="Minute">What it says.</param>
/// <param name="Read">How many bytes of the file were read by then.</param>
internal readonly record struct HistoryRow(long Line, HistoryMinute Minute, long Read);

/// <summary>
/// A file of history: CSV with the columns <c>videoId</c>, <c>type</c>, <c>timestamp</c> and <c>count</c>, and <c>sum</c>, <c>min</c> and <c>max</c> if there are values, in any order; or the same members as a JSON object a line.
/// </summary>
internal static partial class HistoryFile
{
    private static readonly string[] Members = ["videoId", "type", "timestamp", "count", "sum", "min", "max"];

    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    private const int Required = 4;

    /// <summary>The minutes, one at a time: a file may be larger than memory.</summary>
    /// <exception cref="CommandFailedException">The file cannot be read, or breaks a rule: the line is named. Thrown at the line.</exception>
    public static IEnumerable<HistoryRow> Read(string path)
    {
        using var file = Open(path);
        using var text = new StreamReader(file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        foreach (var (line, minute) in Read(text, path)) yield return new(line, minute, file.Position);
    }

    /// <summary>The minutes of a text; the name stands in messages.</summary>
    public static IEnumerable<(long Line, HistoryMinute Minute)> Read(TextReader text, string name)
    {
        var first = text.Peek();
        if (first < 0) throw new CommandFailedException($"{name} is empty.");
        return first is '{' ? Lines(text, name) : Csv(text, name);
    }

    private static IEnumerable<(long Line, HistoryMinute Minute)> Lines(TextReader text, string name)
    {
        var number = 0L;
        while (text.ReadLine() is { } line)
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line)) yield return (number, Minute(Object(line, $"{name}, line {number}"), $"{name}, line {number}"));
        }
    }

    private static IEnumerable<(long Line, HistoryMinute Minute)> Csv(TextReader text, string name)
    {
        using var csv = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BadDataFound = bad => throw new CommandFailedException($"{name}, line {bad.Context.Parser!.RawRow}: quotes do not match in '{bad.Field}'."),
            TrimOptions = TrimOptions.Trim,
        });
        if (!csv.Read()) throw new CommandFailedException($"{name} is empty.");
        var header = csv.Record!;
        var places = header.Select(column => Array.IndexOf(Members, column)).ToArray();
        if (Array.IndexOf(places, -1) is >= 0 and var unknown) throw new CommandFailedException($"{name}, line 1: nobody knows a column '{header[unknown]}'. {Shape}");
        if (places.Distinct().Count() != places.Length || Enumerable.Range(0, Required).Except(places).Any()) throw new CommandFailedException($"{name}, line 1: {Shape}");
        while (csv.Read())
        {
            if (csv.Count != header.Length) throw new CommandFailedException($"{name}, line {csv.RawRow}: {csv.Count} columns instead of {header.Length} as in the first line.");
            var texts = new string?[Members.Length];
            for (var i = 0; i < places.Length; i++)
                if (csv[i].Length > 0) texts[places[i]] = csv[i];
            yield return (csv.RawRow, Minute(texts, $"{name}, line {csv.RawRow}"));
        }
    }

    private static string Shape => $"The first line names the columns {string.Join(", ", Members[..Required])}, each once, and as many of {string.Join(", ", Members[Required..])} as there are.";

    private static string?[] Object(string line, string where)
    {
        var texts = new string?[Members.Length];
        try
        {
            using var json = JsonDocument.Parse(line, Strict);
            if (json.RootElement.ValueKind is not JsonValueKind.Object) throw new CommandFailedException($"{where}: it is not an object.");
            foreach (var member in json.RootElement.EnumerateObject())
            {
                var place = Array.IndexOf(Members, member.Name);
                if (place < 0) throw new CommandFailedException($"{where}: nobody knows a member '{member.Name}'; there are {string.Join(", ", Members)}.");
                if (member.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Number) || (member.Value.ValueKind is JsonValueKind.String) != place < Required - 1)
                    throw new CommandFailedException($"{where}: '{member.Name}' is {member.Value.GetRawText()}; it is a {(place < Required - 1 ? "string" : "number")}.");
                texts[place] = place < Required - 1 ? member.Value.GetString() : member.Value.GetRawText();
            }
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            throw new CommandFailedException($"{where}: {broken.Message}", broken);
        }

        return texts;
    }

    private static HistoryMinute Minute(string?[] texts, string where)
    {
        if (!VideoId.TryParse(texts[0], out var video)) throw Bad(0, VideoId.Rule);
        if (!EventType.TryParse(texts[1], out var type)) throw Bad(1, EventType.Rule);
        if (texts[2] is not { } text || !Offset().IsMatch(text) || !DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) || time.UtcTicks % TimeSpan.TicksPerMinute != 0)
            throw Bad(2, "a whole minute with its offset looks like 2024-11-23T10:05:00Z");
        if (!long.TryParse(texts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var count)) throw Bad(3, "it is a whole number, and not negative");
        return new(video, type, time, count, Number(4), Number(5), Number(6));

        double? Number(int place) => texts[place] is not { } given ? null
            : double.TryParse(given, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
            : throw Bad(place, "it is a number that a 64-bit floating-point number can hold, or left out");

        CommandFailedException Bad(int place, string rule) => new($"{where}, {Members[place]}: {(texts[place] is { } given ? $"'{given}' is not allowed" : "it is missing")}; {rule}.");
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"{path} cannot be read: {failure.Message}", failure);
        }
    }

    [GeneratedRegex(@"(Z|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex Offset();
}
