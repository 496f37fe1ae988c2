using System.Globalization;
using Amqp;
using Amqp.Types;
using Orleans.Counter.Dev.Hubs;
using Orleans.Counter.Dev.Log;
using Orleans.Counter.Dev.Protocol;

namespace Orleans.Counter.Dev.Capture;

/// <summary>An event as a record of a captured file.</summary>
internal static class EventRecord
{
    /// <summary>The service's schema.</summary>
    public const string Schema =
        """
        {"type":"record","name":"EventData","namespace":"Microsoft.ServiceBus.Messaging","fields":[{"name":"SequenceNumber","type":"long"},{"name":"Offset","type":"string"},{"name":"EnqueuedTimeUtc","type":"string"},{"name":"SystemProperties","type":{"type":"map","values":["long","double","string","bytes"]}},{"name":"Properties","type":{"type":"map","values":["long","double","string","bytes","null"]}},{"name":"Body","type":["null","bytes"]}]}
        """;

    private const byte PropertiesSection = 0x73;
    private const byte ApplicationPropertiesSection = 0x74;
    private const byte ValueSection = 0x77;
    private const byte FooterSection = 0x78;
    private const byte AmqpNull = 0x40;

    // Places in the schema's unions.
    private const int LongBranch = 0;
    private const int DoubleBranch = 1;
    private const int StringBranch = 2;
    private const int BytesBranch = 3;
    private const int NullBranch = 4;

    private static readonly string[] PropertyNames =
    [
        "message-id", "user-id", "to", "subject", "reply-to", "correlation-id", "content-type", "content-encoding", "absolute-expiry-time", "creation-time",
        "group-id", "group-sequence", "reply-to-group-id",
    ];

    public static void Write(AvroWriter writer, LogRecord record)
    {
        var (system, application, body) = (new Dictionary<string, object?>(), new Dictionary<string, object?>(), new List<ReadOnlyMemory<byte>>());
        var sections = new AmqpSections(record.Payload);
        while (sections.MoveNext())
        {
            switch (sections.Code)
            {
                case AmqpSections.MessageAnnotations:
                    Add(system, Map(sections.Value));
                    break;
                case PropertiesSection:
                    Add(system, Properties(sections.Value));
                    break;
                case ApplicationPropertiesSection:
                    Add(application, Map(sections.Value));
                    break;
                case > ApplicationPropertiesSection and < FooterSection when sections.Value.Span[0] != AmqpNull:
                    body.Add(Body(sections.Code, sections.Value));
                    break;
            }
        }

        var stamp = record.Stamp;
        writer.Long(stamp.Sequence);
        writer.Text(system.GetValueOrDefault("x-opt-offset") as string ?? OffsetText.Of(stamp.Offset, geo: false)); // as clients know it
        writer.Text(DateTimeOffset.FromUnixTimeMilliseconds(stamp.EnqueuedMilliseconds).ToString("M/d/yyyy h:mm:ss tt", CultureInfo.InvariantCulture));
        WriteMap(writer, [.. system.Where(one => one.Value is not null)]);
        WriteMap(writer, [.. application]);
        WriteBody(writer, body);
    }

    private static void WriteBody(AvroWriter writer, List<ReadOnlyMemory<byte>> body)
    {
        writer.Long(body.Count == 0 ? 0 : 1);
        if (body.Count == 0)
            return;
        writer.Long(body.Sum(part => part.Length));
        foreach (var part in body)
            writer.Raw(part.Span);
    }

    // Of names that come twice, which no map of Avro has, the first.
    private static void Add(Dictionary<string, object?> properties, IEnumerable<(string Name, object? Value)> more)
    {
        foreach (var (name, value) in more)
            properties.TryAdd(name, value);
    }

    // What is in a data section, or in a value that is bytes or text; of any other value its encoding, which an AMQP library can read.
    private static ReadOnlyMemory<byte> Body(byte section, ReadOnlyMemory<byte> value) => (section, value.Span[0]) switch
    {
        (AmqpSections.Data or ValueSection, 0xA0) or (ValueSection, 0xA1) => value[2..],
        (AmqpSections.Data or ValueSection, 0xB0) or (ValueSection, 0xB1) => value[5..],
        _ => value,
    };

    private static IEnumerable<(string, object?)> Map(ReadOnlyMemory<byte> value) =>
        Decode(value) is Map map ? map.Select(entry => (entry.Key.ToString() ?? "", (object?)entry.Value)) : [];

    private static IEnumerable<(string, object?)> Properties(ReadOnlyMemory<byte> value) =>
        Decode(value) is List list ? PropertyNames.Zip(list.Cast<object?>()) : [];

    // An event was accepted if its sections could be told apart. Whatever is wrong inside of one must not keep the others from being captured.
    private static object? Decode(ReadOnlyMemory<byte> value)
    {
        try
        {
            var bytes = value.ToArray();
            return Encoder.ReadObject(new ByteBuffer(bytes, 0, bytes.Length, bytes.Length));
        }
        catch (Exception e) when (e is AmqpException or ArgumentException or InvalidOperationException or InvalidCastException or OverflowException)
        {
            return null;
        }
    }

    private static void WriteMap(AvroWriter writer, List<KeyValuePair<string, object?>> entries)
    {
        if (entries.Count > 0)
        {
            writer.Long(entries.Count);
            foreach (var (name, value) in entries)
            {
                writer.Text(name);
                WriteValue(writer, value);
            }
        }

        writer.Long(0);
    }

    private static void WriteValue(AvroWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.Long(NullBranch);
                break;
            case DescribedValue described:
                WriteValue(writer, described.Value ?? "");
                break;
            case byte[] bytes:
                writer.Long(BytesBranch);
                writer.Bytes(bytes);
                break;
            case double or float:
                writer.Long(DoubleBranch);
                writer.Double(Convert.ToDouble(value, CultureInfo.InvariantCulture));
                break;
            case long or int or short or sbyte or byte or ushort or uint or ulong and <= long.MaxValue:
                writer.Long(LongBranch);
                writer.Long(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case DateTime time:
                writer.Long(LongBranch);
                writer.Long(new DateTimeOffset(time.ToUniversalTime()).ToUnixTimeMilliseconds());
                break;
            default:
                writer.Long(StringBranch);
                writer.Text(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
                break;
        }
    }
}
