using System.Globalization;
using System.Text.RegularExpressions;

namespace Orleans.Counter.Benchmarks.Load;

/// <summary>One message in the log of a silo.</summary>
/// <param name="At">When, in UTC.</param>
/// <param name="Level"><c>info:</c>, <c>warn:</c>, …</param>
/// <param name="Source">The logger and the event's number.</param>
/// <param name="Text">All of it, on one line.</param>
internal sealed partial record LogLine(DateTime At, string Level, string Source, string Text)
{
    private const string Time = "yyyy-MM-ddTHH:mm:ss.fffZ";

    /// <summary>The environment in which a silo logs a message a line, each with its time.</summary>
    public static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["Logging__Console__FormatterName"] = "simple", // Said, or its options are not heard.
        ["Logging__Console__FormatterOptions__SingleLine"] = "true",
        ["Logging__Console__FormatterOptions__UseUtcTimestamp"] = "true",
        ["Logging__Console__FormatterOptions__TimestampFormat"] = Time + " ",
    };

    public bool IsComplaint => Level is "warn:" or "fail:" or "crit:";

    /// <summary>The messages of a log; what is none, such as the last words of a process that dies, is left out.</summary>
    public static IEnumerable<LogLine> Read(string path) =>
        from line in File.ReadLines(path)
        let match = Message().Match(line)
        where match.Success
        select new LogLine(
            DateTime.ParseExact(match.Groups["at"].Value, Time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal),
            match.Groups["level"].Value, match.Groups["source"].Value, match.Groups["text"].Value);

    [GeneratedRegex("^(?<at>[0-9T:.-]{23}Z) (?<level>[a-z]{4}:) (?<source>[^ ]+) (?<text>.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Message();
}
