using System.Collections.ObjectModel;
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace Orleans.Counter.EventHubs;

/// <summary>Reads an event out of an AMQP message.</summary>
internal static class ReceivedEvents
{
    // What an event costs beside its body: the objects around it.
    private const int Overhead = 512;

    private static readonly Symbol SequenceNumber = new("x-opt-sequence-number");
    private static readonly Symbol EnqueuedTime = new("x-opt-enqueued-time");
    private static readonly Symbol Offset = new("x-opt-offset");

    public static Symbol PartitionKey { get; } = new("x-opt-partition-key");

    public static IReadOnlyDictionary<string, object> NoProperties { get; } = ReadOnlyDictionary<string, object>.Empty;

    public static long Size(this ReceivedEvent received) => Overhead + received.Body.Length;

    /// <exception cref="EventHubsException">The message lacks what the service promises.</exception>
    public static ReceivedEvent From(Message message)
    {
        var annotations = message.MessageAnnotations?.Map;
        if (annotations?[SequenceNumber] is not long sequenceNumber || annotations[EnqueuedTime] is not DateTime enqueued)
            throw new EventHubsException(EventHubsFailure.General, "An event came without its sequence number or its time.");
        var body = Body(message.BodySection);
        var time = new DateTimeOffset(DateTime.SpecifyKind(enqueued, DateTimeKind.Utc));
        return new ReceivedEvent(sequenceNumber, time, body ?? default, body is not null, Properties(message.ApplicationProperties))
        {
            Offset = annotations[Offset] as string,
            PartitionKey = annotations[PartitionKey]?.ToString(), // a symbol, or a string
        };
    }

    // Null: not data. A single section is not copied; nothing else writes to the library's buffer, because it pools none.
    private static ReadOnlyMemory<byte>? Body(RestrictedDescribed? section) => section switch
    {
        Data data => Bytes(data),
        DataList list => Concatenate(list),
        _ => default(ReadOnlyMemory<byte>?), // a bare null would become an empty memory
    };

    private static ReadOnlyMemory<byte> Concatenate(DataList list)
    {
        var parts = new ReadOnlyMemory<byte>[list.Count];
        var length = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            parts[i] = Bytes(list[i]);
            length += parts[i].Length;
        }

        var whole = new byte[length];
        var at = 0;
        foreach (var part in parts)
        {
            part.CopyTo(whole.AsMemory(at));
            at += part.Length;
        }

        return whole;
    }

    private static ReadOnlyMemory<byte> Bytes(Data data) =>
        data.Buffer is { } buffer ? new ReadOnlyMemory<byte>(buffer.Buffer, buffer.Offset, buffer.Length) : new(data.Binary);

    // A property without a value is as good as absent.
    private static IReadOnlyDictionary<string, object> Properties(ApplicationProperties? section)
    {
        if (section?.Map is not { Count: > 0 } map) return NoProperties;
        var properties = new Dictionary<string, object>(map.Count);
        foreach (var (name, value) in map)
        {
            if (value is not null && name.ToString() is { } key) properties[key] = value;
        }

        return properties;
    }
}
