using System.Buffers;
using System.Text;
using Orleans.Counter.Dev.Hubs;
using Orleans.Counter.Dev.Log;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>One event as a client sent it. It is stored as readers will get it: only its annotations change, so reading is a copy.</summary>
internal sealed class IncomingEvent : IAppendable
{
    private const int StampBytesMax = 128;

    private readonly bool _geoOffsets;

    private readonly ReadOnlyMemory<byte> _header;
    private readonly ReadOnlyMemory<byte> _annotations;
    private readonly int _annotationCount;
    private readonly ReadOnlyMemory<byte> _rest;
    private readonly string? _addedKey;

    private IncomingEvent(ReadOnlyMemory<byte> message, string? envelopeKey, bool geoOffsets)
    {
        _geoOffsets = geoOffsets;
        var sections = new AmqpSections(message);
        _rest = default;
        while (sections.MoveNext())
        {
            if (sections.Code > AmqpSections.MessageAnnotations)
            {
                // The rest is walked too: what cannot be read must not be accepted.
                var start = sections.Start;
                while (sections.MoveNext())
                {
                }

                _rest = message[start..sections.Start];
                break;
            }

            if (sections.Code == AmqpSections.Header)
                _header = sections.Section;
            else if (sections.Code == AmqpSections.MessageAnnotations)
                (_annotations, _annotationCount, Key) = Keep(sections.Value);
        }

        if (Key is null)
            Key = _addedKey = envelopeKey;
    }

    /// <summary>The partition key, if there is one.</summary>
    public string? Key { get; }

    public int LengthMax =>
        _header.Length + AmqpWriter.MapStartBytes + _annotations.Length + StampBytesMax + _rest.Length
        + (_addedKey is null ? 0 : Encoding.UTF8.GetMaxByteCount(_addedKey.Length));

    /// <summary>Reads a message that is an event.</summary>
    /// <exception cref="MalformedMessageException"/>
    public static IncomingEvent Single(ReadOnlyMemory<byte> message, bool geoOffsets = false) => new(message, null, geoOffsets);

    /// <summary>Reads a message whose data sections are whole events. A partition key on the envelope is that of all of them.</summary>
    /// <exception cref="MalformedMessageException"/>
    public static IReadOnlyList<IncomingEvent> Batch(ReadOnlyMemory<byte> message, bool geoOffsets = false)
    {
        string? key = null;
        var events = new List<IncomingEvent>();
        var sections = new AmqpSections(message);
        while (sections.MoveNext())
        {
            if (sections.Code == AmqpSections.MessageAnnotations)
                (_, _, key) = Keep(sections.Value);
            else if (sections.Code == AmqpSections.Data)
                events.Add(new IncomingEvent(AmqpSections.Binary(sections.Value), key, geoOffsets));
        }

        return events.Count > 0 ? events : throw new MalformedMessageException("The batch holds no event.");
    }

    public int Write(Span<byte> destination, in Stamp stamp)
    {
        Span<char> offset = stackalloc char[OffsetText.LengthMax];
        var length = OffsetText.Write(offset, stamp.Offset, _geoOffsets);

        var writer = new AmqpWriter(destination);
        writer.Raw(_header.Span);
        writer.BeginMap(AmqpSections.MessageAnnotations);
        writer.Entries(_annotations.Span, _annotationCount);
        if (_addedKey is not null)
            writer.Text(Annotations.PartitionKey, _addedKey);
        writer.Long(Annotations.SequenceNumber, stamp.Sequence);
        writer.Text(Annotations.Offset, offset[..length]);
        writer.Timestamp(Annotations.EnqueuedTime, stamp.EnqueuedMilliseconds);
        writer.EndMap();
        writer.Raw(_rest.Span);
        return writer.Length;
    }

    // The annotations that are the client's to set. A client may send an event that it received, with the stamp of where it came from.
    private static (ReadOnlyMemory<byte> Entries, int Count, string? Key) Keep(ReadOnlyMemory<byte> map)
    {
        var entries = AmqpSections.Entries(map);
        var bytes = entries.Span;
        var (kept, count, dropped, position) = (new ArrayBufferWriter<byte>(bytes.Length + 1), 0, false, 0);
        string? key = null;
        while (position < bytes.Length)
        {
            var valueStart = AmqpSections.Skip(bytes, position);
            var end = AmqpSections.Skip(bytes, valueStart);
            var name = Text(bytes[position..valueStart]);
            if (name.SequenceEqual(Annotations.PartitionKey))
                key = bytes[valueStart] == 0x40 ? null : Encoding.UTF8.GetString(Text(bytes[valueStart..end]));
            if (name.SequenceEqual(Annotations.SequenceNumber) || name.SequenceEqual(Annotations.Offset) || name.SequenceEqual(Annotations.EnqueuedTime))
            {
                dropped = true;
            }
            else
            {
                kept.Write(bytes[position..end]);
                count++;
            }

            position = end;
        }

        return (dropped ? kept.WrittenMemory : entries, count, key);
    }

    // The content of a string or symbol; nothing for any other value.
    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> value) => value[0] switch
    {
        0xA1 or 0xA3 => value[2..],
        0xB1 or 0xB3 => value[5..],
        _ => default,
    };
}
