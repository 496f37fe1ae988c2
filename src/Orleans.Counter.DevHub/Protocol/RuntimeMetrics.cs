using Amqp.Types;
using Orleans.Counter.Dev.Hubs;
using Orleans.Counter.Dev.Log;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>Tells a reader with every event where its partition ends, if it asked for that.</summary>
internal static class RuntimeMetrics
{
    private const int BytesMax = 256;

    public static readonly Symbol Capability = new("com.microsoft:enable-receiver-runtime-metric");

    /// <summary>The event with the partition's end in its delivery annotations, which stand after the header if there is one.</summary>
    public static byte[] Add(ReadOnlyMemory<byte> stored, LogEnd end, bool geoOffsets, DateTimeOffset now)
    {
        var sections = new AmqpSections(stored);
        var headerBytes = sections.MoveNext() && sections.Code == AmqpSections.Header ? sections.Section.Length : 0;
        Span<byte> annotations = stackalloc byte[BytesMax];
        var writer = new AmqpWriter(annotations);
        writer.BeginMap(AmqpSections.DeliveryAnnotations);
        writer.Long("last_enqueued_sequence_number"u8, end.LastSequence);
        writer.Text("last_enqueued_offset"u8, OffsetText.Of(end.LastOffset, geoOffsets));
        writer.Timestamp("last_enqueued_time_utc"u8, end.LastEnqueuedMilliseconds);
        writer.Timestamp("runtime_info_retrieval_time_utc"u8, now.ToUnixTimeMilliseconds());
        writer.EndMap();

        var bytes = new byte[stored.Length + writer.Length];
        stored.Span[..headerBytes].CopyTo(bytes);
        annotations[..writer.Length].CopyTo(bytes.AsSpan(headerBytes));
        stored.Span[headerBytes..].CopyTo(bytes.AsSpan(headerBytes + writer.Length));
        return bytes;
    }
}
