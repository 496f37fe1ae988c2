using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Google.Protobuf;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Cli.Hub;

/// <summary>Events as people and machines read them. Nothing that a stranger has sent reaches a terminal as a command to it.</summary>
internal static class EventText
{
    private const int BytesShown = 256;

    private static readonly JsonSerializerOptions Lenient = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>A line for the event, and one for each event of a frame.</summary>
    public static IEnumerable<string> Lines(string partition, ReceivedEvent received)
    {
        var key = received.PartitionKey is { } given ? $"  key {Printable(given)}" : "";
        var head = string.Create(CultureInfo.InvariantCulture, $"{partition}/{received.SequenceNumber}  {Time(received.EnqueuedTime)}{key}");
        if (Frame(received) is { } frame)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{head}  frame {frame.Number} of writer {frame.Writer:x16}, {frame.Video.Count} events");
            foreach (var one in Events(frame))
                yield return string.Create(CultureInfo.InvariantCulture, $"    {Printable(one.Video)}  {Printable(one.Type)}  {Time(one.Time)}{(one.Id == 0 ? "" : $"  id {one.Id:x16}")}{(one.Value == 1 ? "" : $"  value {one.Value}")}");
            yield break;
        }

        var properties = string.Concat(received.Properties.Select(one => string.Create(CultureInfo.InvariantCulture, $"  {Printable(one.Key)}={Printable($"{one.Value}")}")));
        yield return $"{head}{properties}  {Body(received)}";
    }

    /// <summary>One line of JSON.</summary>
    public static string Json(string partition, ReceivedEvent received)
    {
        var frame = Frame(received);
        return JsonSerializer.Serialize(new
        {
            partition,
            sequenceNumber = received.SequenceNumber,
            offset = received.Offset,
            enqueued = received.EnqueuedTime,
            key = received.PartitionKey,
            properties = received.Properties.ToDictionary(one => one.Key, one => one.Value is string or bool or int or long or double ? one.Value : $"{one.Value}"),
            frame = frame is null ? null : new
            {
                writer = frame.Writer.ToString("x16", CultureInfo.InvariantCulture),
                number = frame.Number,
                events = Events(frame).Select(one => new { videoId = one.Video, type = one.Type, timestamp = one.Time, id = one.Id == 0 ? null : one.Id.ToString("x16", CultureInfo.InvariantCulture), value = one.Value }),
            },
            text = frame is null && received.BodyIsBinary && Utf8.IsValid(received.Body.Span) ? Encoding.UTF8.GetString(received.Body.Span) : null,
            base64 = frame is null && received.BodyIsBinary && !Utf8.IsValid(received.Body.Span) ? Convert.ToBase64String(received.Body.Span) : null,
        }, Lenient);
    }

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The text, with everything in it that would not simply be printed written as its number.</summary>
    public static string Printable(string text) => string.Concat(text.EnumerateRunes().Select(rune =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            ? string.Create(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}")
            : rune.ToString()));

    private static string Body(ReceivedEvent received)
    {
        if (!received.BodyIsBinary) return "(a body that is no bytes)";
        var shown = received.Body.Span[..Math.Min(received.Body.Length, BytesShown)];
        var more = received.Body.Length > shown.Length ? string.Create(CultureInfo.InvariantCulture, $" … {received.Body.Length} bytes") : "";
        return (Utf8.IsValid(received.Body.Span) ? $"\"{Printable(Encoding.UTF8.GetString(shown))}\"" : $"0x{Convert.ToHexString(shown)}") + more;
    }

    // One of ours says how many events it holds, beside its body, and has columns that fit.
    private static Frame? Frame(ReceivedEvent received)
    {
        if (!received.Properties.ContainsKey("events")) return null;
        try
        {
            var frame = Counter.Frame.Parser.ParseFrom(received.Body.Span);
            var count = frame.Video.Count;
            var fits = frame.Version == 1 && count > 0
                && frame.Type.Count is var types && (types == 0 || types == count)
                && frame.Id.Count is var ids && (ids == 0 || ids == count)
                && frame.Time.Count is var times && (times == 0 || times == count)
                && frame.Video.All(video => video < frame.Videos.Count) && frame.Type.All(type => type < frame.Types_.Count) && frame.Types_.Count > 0
                && frame.Valued.Count == frame.Value.Count;
            return fits ? frame : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static IEnumerable<(string Video, string Type, ulong Id, DateTimeOffset Time, double Value)> Events(Frame frame)
    {
        var values = frame.Valued.Zip(frame.Value).GroupBy(pair => pair.First).ToDictionary(pair => pair.Key, pair => pair.First().Second);
        var time = frame.BaseTime;
        for (var i = 0; i < frame.Video.Count; i++)
        {
            if (frame.Time.Count > 0) time = unchecked(time + frame.Time[i]);
            yield return (
                frame.Videos[(int)frame.Video[i]], frame.Types_[frame.Type.Count == 0 ? 0 : (int)frame.Type[i]], frame.Id.Count == 0 ? 0 : frame.Id[i],
                DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(time, 0, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())), values.GetValueOrDefault((uint)i, 1));
        }
    }
}
