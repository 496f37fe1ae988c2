using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Counter.Query;

/// <summary>A time with its offset; where that is zero, with a Z.</summary>
internal sealed class LocalTimeJson : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        if (value.Offset == TimeSpan.Zero) writer.WriteStringValue(value.UtcDateTime);
        else writer.WriteStringValue(value);
    }
}
