using Avro.File;
using Avro.Generic;
using CsCheck;
using Orleans.Counter.Dev.Capture;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

/// <summary>Captured files, as Apache's own library writes them with the service's schema, and as nobody writes them.</summary>
public sealed class CapturedMessagesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Theory, InlineData(Codec.Type.Null), InlineData(Codec.Type.Deflate)]
    public async Task Every_message_is_read_as_it_was_taken(Codec.Type codec)
    {
        var messages = await Read(File(codec, 300));

        Assert.Equal(Enumerable.Range(0, 300).Select(number => (number + 7L, Noon.AddMilliseconds(number), number, true)), messages.Select(message => (message.SequenceNumber, message.EnqueuedTime, message.Body.Length, message.BodyIsBinary)));
        Assert.Equal(3L, messages[5].Properties["events"]);
        Assert.DoesNotContain("nothing", messages[5].Properties.Keys);
    }

    [Fact]
    public async Task Where_no_annotation_says_when_it_was_taken_the_text_does()
    {
        var message = Assert.Single(await Read(File(Codec.Type.Null, 1, annotated: false)));

        Assert.Equal(Noon, message.EnqueuedTime);
    }

    [Theory, InlineData(Codec.Type.Null), InlineData(Codec.Type.Deflate)]
    public async Task Of_a_file_that_ends_too_early_or_is_damaged_nothing_else_is_said(Codec.Type codec)
    {
        var file = File(codec, 40);
        var empty = File(codec, 0).Length; // Cut there, it is a file without messages.
        for (var length = 0; length < file.Length; length++)
            if (length != empty) await Assert.ThrowsAsync<InvalidDataException>(() => Read(file[..length]));
        await Gen.Select(Gen.Int[0, file.Length - 1], Gen.Byte[1, 255]).Array[1, 3].SampleAsync(
            async damages =>
            {
                var damaged = file.ToArray();
                foreach (var (at, change) in damages) damaged[at] ^= change;
                try
                {
                    await Read(damaged); // Not everything can be noticed: bodies have no checksum.
                }
                catch (InvalidDataException)
                {
                }
            },
            iter: 2_000, threads: 1);
    }

    [Fact]
    public void A_name_says_its_time_whatever_the_order_of_its_parts()
    {
        var name = new CaptureName(new() { Container = "c", Namespace = "ns", NameFormat = "{EventHub}/{Year}{Month}{Day}/x.{PartitionId}/{Hour}-{Minute}-{Second}.{Namespace}" }, "events", 12);

        Assert.Equal("events/", name.Prefix);
        Assert.Equal(Noon.AddSeconds(7), name.TimeOf("events/20261123/x.12/12-00-07.ns.avro"));
        foreach (var other in new[] { "events/20261123/x.1/12-00-07.ns.avro", "events/20261123/xx12/12-00-07.ns.avro", "events/20261323/x.12/12-00-07.ns.avro", "events/20261123/x.12/12-00-07.ns.avro.tmp" }) Assert.Null(name.TimeOf(other));
        Assert.Equal("ns/events/3/", new CaptureName(new() { Container = "c", Namespace = "ns" }, "events", 3).Prefix);
    }

    [Theory]
    [InlineData("{}", 0)]
    [InlineData("""{"Container":"c","Namespace":"n"}""", 0)]
    [InlineData("""{"Container":"c"}""", 1)]
    [InlineData("""{"Namespace":"n"}""", 1)]
    [InlineData("""{"Container":"c","Namespace":"n","ConnectionString":"UseDevelopmentStorage=true","BlobServiceUri":"https://a.example"}""", 1)]
    [InlineData("""{"Container":"c","Namespace":"n","NameFormat":"{Namespace}/{EventHub}"}""", 1)]
    public void Settings_that_contradict_each_other_are_refused(string settings, int faults) =>
        Assert.Equal(faults, System.Text.Json.JsonSerializer.Deserialize<CaptureOptions>(settings)!.Validate(new(settings)).Count());

    private static async Task<IReadOnlyList<ReceivedEvent>> Read(byte[] file)
    {
        List<ReceivedEvent> messages = [];
        await foreach (var message in CapturedMessages.Read("a.avro", new MemoryStream(file), TestContext.Current.CancellationToken)) messages.Add(message);
        return messages;
    }

    private static byte[] File(Codec.Type codec, int count, bool annotated = true)
    {
        var schema = (Avro.RecordSchema)Avro.Schema.Parse(EventRecord.Schema);
        using var file = new MemoryStream();
        using (var writer = DataFileWriter<GenericRecord>.OpenWriter(new GenericDatumWriter<GenericRecord>(schema), file, Codec.CreateCodec(codec)))
            for (var number = 0; number < count; number++)
            {
                var record = new GenericRecord(schema);
                record.Add("SequenceNumber", number + 7L);
                record.Add("Offset", "17");
                record.Add("EnqueuedTimeUtc", "11/23/2026 12:00:00 PM");
                record.Add("SystemProperties", new Dictionary<string, object> { [annotated ? "x-opt-enqueued-time" : "other"] = Noon.AddMilliseconds(number).ToUnixTimeMilliseconds(), ["text"] = "a" });
                record.Add("Properties", new Dictionary<string, object?> { ["events"] = 3L, ["nothing"] = null, ["d"] = 2.5, ["b"] = new byte[] { 1 } });
                record.Add("Body", new byte[number]);
                writer.Append(record);
            }

        return file.ToArray();
    }
}
