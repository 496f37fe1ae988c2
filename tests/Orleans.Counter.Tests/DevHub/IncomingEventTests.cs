using Amqp;
using Amqp.Framing;
using Amqp.Types;
using CsCheck;
using Orleans.Counter.Dev.Log;
using Orleans.Counter.Dev.Protocol;
using Xunit;

namespace Orleans.Counter.Tests.Dev;

public sealed class IncomingEventTests
{
    private static readonly Stamp Place = new(Sequence: 41, Offset: 123_456_789_012, EnqueuedMilliseconds: 1_795_435_200_123);

    [Fact]
    public void An_event_is_stored_as_it_came_with_its_place_in_the_annotations()
    {
        var sent = new Message { BodySection = new Data { Binary = [1, 2, 3] }, Header = new Header { Durable = true } };
        sent.Properties = new Properties { MessageId = "m1", ContentType = "application/json" };
        sent.ApplicationProperties = new ApplicationProperties { ["n"] = 7 };
        sent.MessageAnnotations = new MessageAnnotations { [new Symbol("x-mine")] = "yes" };
        sent.DeliveryAnnotations = new DeliveryAnnotations { [new Symbol("hop")] = 1 };

        var stored = Store(IncomingEvent.Single(Encoded(sent)));

        Assert.True(stored.Header.Durable);
        Assert.Null(stored.DeliveryAnnotations);
        Assert.Equal([1, 2, 3], (byte[])stored.Body);
        Assert.Equal(("m1", "application/json"), (stored.Properties.MessageId, stored.Properties.ContentType.ToString()));
        Assert.Equal(7, stored.ApplicationProperties["n"]);
        Assert.Equal("yes", stored.MessageAnnotations[new Symbol("x-mine")]);
        IsAtPlace(stored);
    }

    [Fact]
    public void An_event_that_was_received_elsewhere_gets_the_place_that_it_has_here()
    {
        var elsewhere = new Message { BodySection = new AmqpValue { Value = "v" } };
        elsewhere.MessageAnnotations = new MessageAnnotations
        {
            [new Symbol("x-opt-offset")] = "99",
            [new Symbol("x-opt-sequence-number")] = 3L,
            [new Symbol("x-opt-enqueued-time")] = DateTime.UnixEpoch,
            [new Symbol("x-opt-partition-key")] = "k",
        };

        var read = IncomingEvent.Single(Encoded(elsewhere));

        Assert.Equal("k", read.Key);
        var stored = Store(read);
        Assert.Equal(4, stored.MessageAnnotations.Map.Count);
        Assert.Equal("k", stored.MessageAnnotations[new Symbol("x-opt-partition-key")]);
        IsAtPlace(stored);
    }

    [Fact]
    public void A_batch_is_its_events_and_its_partition_key_is_theirs()
    {
        var inner = Enumerable.Range(0, 3).Select(i => new Data { Binary = Encoded(new Message { BodySection = new Data { Binary = [(byte)i] } }) }).ToArray();
        var envelope = new Message { BodySection = new DataList() };
        envelope.MessageAnnotations = new MessageAnnotations { [new Symbol("x-opt-partition-key")] = "ключ" };
        foreach (var data in inner)
            ((DataList)envelope.BodySection).Add(data);

        var events = IncomingEvent.Batch(Encoded(envelope));

        Assert.Equal(["ключ", "ключ", "ключ"], events.Select(one => one.Key));
        Assert.Equal([0, 1, 2], events.Select(one => ((byte[])Store(one).Body)[0]));
        Assert.Equal("ключ", Store(events[0]).MessageAnnotations[new Symbol("x-opt-partition-key")]);
    }

    [Fact]
    public void A_message_without_body_has_no_null_at_its_end()
    {
        var bytes = new byte[1024];
        var length = IncomingEvent.Single(Encoded(new Message { Properties = new Properties { MessageId = "m" } })).Write(bytes, Place);
        var sections = new AmqpSections(bytes.AsMemory(0, length));
        var end = 0;
        while (sections.MoveNext())
            end = sections.Start + sections.Section.Length;
        Assert.Equal(length, end);
    }

    [Fact]
    public void Runtime_metrics_stand_between_the_header_and_the_annotations()
    {
        var bytes = new byte[1024];
        var length = IncomingEvent.Single(Encoded(new Message("body") { Header = new Header { Priority = 3 } })).Write(bytes, Place);

        var told = Decode(RuntimeMetrics.Add(bytes.AsMemory(0, length), new LogEnd(100, 9_000, 8_900, 1_000), false, DateTimeOffset.UnixEpoch));

        Assert.Equal(3, told.Header.Priority);
        Assert.Equal(99L, told.DeliveryAnnotations[new Symbol("last_enqueued_sequence_number")]);
        Assert.Equal("8900", told.DeliveryAnnotations[new Symbol("last_enqueued_offset")]);
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(1), told.DeliveryAnnotations[new Symbol("last_enqueued_time_utc")]);
        IsAtPlace(told);
    }

    [Fact]
    public void Bytes_that_are_no_message_are_refused_and_do_no_harm()
    {
        var message = new Message { BodySection = new Data { Binary = [1, 2, 3] } };
        message.ApplicationProperties = new ApplicationProperties { ["n"] = new List { 1, "a" } };
        message.MessageAnnotations = new MessageAnnotations { [new Symbol("x-opt-partition-key")] = "key" };
        var valid = Encoded(message);
        var damaged = Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte, Gen.Int[1, valid.Length]).Select((at, value, length) =>
        {
            var bytes = valid.ToArray();
            bytes[at] = value;
            return bytes[..length];
        });
        Gen.OneOf(Gen.Byte.Array[0, 100], damaged).Sample(bytes =>
        {
            try
            {
                IReadOnlyList<IncomingEvent> events = [IncomingEvent.Single(bytes), .. IncomingEvent.Batch(bytes)];
                foreach (var one in events)
                    one.Write(new byte[one.LengthMax], Place);
            }
            catch (MalformedMessageException)
            {
                // The only answer that is allowed.
            }
        }, iter: 20_000);
    }

    [Fact]
    public void A_value_that_nests_without_end_is_refused()
    {
        var bytes = new byte[100_000]; // 0x00 begins a described value, whose descriptor is a described value, …
        Assert.Throws<MalformedMessageException>(() => IncomingEvent.Single(bytes));
    }

    private static Message Store(IncomingEvent one)
    {
        var bytes = new byte[one.LengthMax];
        return Decode(bytes[..one.Write(bytes, Place)]);
    }

    private static void IsAtPlace(Message stored)
    {
        Assert.Equal(Place.Sequence, stored.MessageAnnotations[new Symbol("x-opt-sequence-number")]);
        Assert.Equal("123456789012", stored.MessageAnnotations[new Symbol("x-opt-offset")]);
        var enqueued = DateTimeOffset.FromUnixTimeMilliseconds(Place.EnqueuedMilliseconds).UtcDateTime;
        Assert.Equal(enqueued, stored.MessageAnnotations[new Symbol("x-opt-enqueued-time")]);
    }

    private static byte[] Encoded(Message message)
    {
        var buffer = message.Encode();
        return buffer.Buffer.AsSpan(buffer.Offset, buffer.Length).ToArray();
    }

    private static Message Decode(byte[] bytes) => Message.Decode(new ByteBuffer(bytes, 0, bytes.Length, bytes.Length));
}
