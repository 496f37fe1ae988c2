using System.Buffers;
using System.Text.Json;

namespace Orleans.Counter.Client;

/// <summary>Writes the body of <c>POST /v1/admin/history</c>.</summary>
internal static class HistoryLines
{
    /// <summary>About what one minute takes, in bytes; the buffer grows when the guess is too small.</summary>
    public const int LineBytes = 128;

    private static readonly JsonEncodedText VideoId = JsonEncodedText.Encode("videoId");
    private static readonly JsonEncodedText Type = JsonEncodedText.Encode("type");
    private static readonly JsonEncodedText Timestamp = JsonEncodedText.Encode("timestamp");
    private static readonly JsonEncodedText Count = JsonEncodedText.Encode("count");
    private static readonly JsonEncodedText Sum = JsonEncodedText.Encode("sum");
    private static readonly JsonEncodedText Min = JsonEncodedText.Encode("min");
    private static readonly JsonEncodedText Max = JsonEncodedText.Encode("max");

    /// <exception cref="ArgumentException">A minute has no video, no type, or a value that JSON cannot say.</exception>
    public static void Write(IBufferWriter<byte> buffer, IReadOnlyList<HistoryMinute> minutes)
    {
        using var json = new Utf8JsonWriter(buffer);
        for (var i = 0; i < minutes.Count; i++)
        {
            Write(json, minutes[i], i);
            json.Flush();
            json.Reset();
            buffer.Write("\n"u8);
        }
    }

    private static void Write(Utf8JsonWriter json, in HistoryMinute minute, int index)
    {
        if (minute.VideoId.Value is null || minute.Type.Value is null) throw new ArgumentException($"Minute {index} needs a video id and a type.");
        json.WriteStartObject();
        json.WriteString(VideoId, minute.VideoId.Value);
        json.WriteString(Type, minute.Type.Value);
        json.WriteString(Timestamp, minute.Minute.UtcDateTime);
        json.WriteNumber(Count, minute.Count);
        Write(json, Sum, minute.Sum, index);
        Write(json, Min, minute.Min, index);
        Write(json, Max, minute.Max, index);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, JsonEncodedText name, double? value, int index)
    {
        if (value is not { } number) return;
        if (!double.IsFinite(number)) throw new ArgumentException($"'{name}' of minute {index} is {number}; it must be a finite number.");
        json.WriteNumber(name, number);
    }
}
