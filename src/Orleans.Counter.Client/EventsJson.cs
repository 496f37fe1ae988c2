using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Orleans.Counter.Client;

/// <summary>Writes the body of <c>POST /v1/events</c>.</summary>
internal static class EventsJson
{
    /// <summary>About what one event takes, in bytes; the buffer grows when the guess is too small.</summary>
    public const int EventBytes = 128;

    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // the body is read by a JSON parser, never put into a page
        SkipValidation = true,
    };

    private static readonly JsonEncodedText Events = JsonEncodedText.Encode("events");
    private static readonly JsonEncodedText VideoId = JsonEncodedText.Encode("videoId");
    private static readonly JsonEncodedText Type = JsonEncodedText.Encode("type");
    private static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText Timestamp = JsonEncodedText.Encode("timestamp");
    private static readonly JsonEncodedText Value = JsonEncodedText.Encode("value");

    /// <summary>Writes all events; one without an id gets a random one.</summary>
    /// <exception cref="ArgumentException">An event has no video, no type, or a value that JSON cannot say.</exception>
    public static void Write(IBufferWriter<byte> buffer, IReadOnlyList<CounterEvent> events)
    {
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteStartArray(Events);
        for (var i = 0; i < events.Count; i++) Write(json, events[i], i);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, in CounterEvent e, int index)
    {
        if (e.VideoId.Value is null || e.Type.Value is null) throw new ArgumentException($"Event {index} needs a video id and a type.");
        if (!double.IsFinite(e.Value)) throw new ArgumentException($"The value of event {index} is {e.Value}; it must be a finite number.");
        json.WriteStartObject();
        json.WriteString(VideoId, e.VideoId.Value);
        if (e.Type != EventType.View) json.WriteString(Type, e.Type.Value);
        if (e.Id is not null) json.WriteString(Id, e.Id);
        else WriteRandomId(json);
        if (e.Timestamp is { } timestamp) json.WriteString(Timestamp, timestamp.UtcDateTime);
        if (e.Value != 1) json.WriteNumber(Value, e.Value);
        json.WriteEndObject();
    }

    private static void WriteRandomId(Utf8JsonWriter json)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(bytes);
        Span<byte> text = stackalloc byte[Base64Url.GetEncodedLength(16)];
        Base64Url.EncodeToUtf8(bytes, text);
        json.WriteString(Id, text);
    }
}
