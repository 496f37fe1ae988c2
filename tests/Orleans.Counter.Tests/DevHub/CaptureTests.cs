using System.Text;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using CsCheck;
using Orleans.Counter.Dev.Capture;
using Orleans.Counter.Dev.Log;
using Orleans.Counter.Dev.Protocol;
using Xunit;

namespace Orleans.Counter.Tests.Dev;

public sealed class CaptureTests
{
    private static readonly BlobName Name = new("{Namespace}/{EventHub}/{PartitionId}/{Year}/{Month}/{Day}/{Hour}/{Minute}/{Second}", "mine");
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // How many events of how many bytes; how long nothing happens; what storage does; how large a file may be after a restart, if there is one.
    private static readonly Gen<(int Count, int Bytes, int Seconds, int Failure, int? Restart)> Steps =
        Gen.Select(Gen.Int[0, 40], Gen.Int[1, 3_000], Gen.Int[0, 200], Gen.Int[0, 2], Gen.Int[1_000, 100_000].Nullable());

    [Fact]
    public async Task Every_event_is_in_exactly_one_file_whatever_fails_and_whatever_retention_may_remove()
    {
        await Gen.Select(Steps.Array[1, 25], Gen.Int[1_000, 100_000], Gen.Bool).SampleAsync(async (steps, bytesMax, skipEmpty) =>
        {
            using var folder = new LogFolder();
            var archive = new MemoryArchive();
            var log = folder.Open(fileBytesMax: 10_000, cacheBytesMax: 20_000);
            var capture = Open(folder, log, archive, bytesMax, skipEmpty);
            var count = 0;
            foreach (var step in steps)
            {
                await log.Append([.. Enumerable.Range(0, step.Count).Select(_ => Event(step.Bytes))]);
                count += step.Count;
                folder.Now += TimeSpan.FromSeconds(step.Seconds);
                archive.Next = (MemoryArchive.Failure)step.Failure;
                await WriteAll(capture);
                while (log.OldestFileUntil is not null)
                    log.RemoveOldestFile();
                if (step.Restart is { } changed)
                {
                    log.Dispose();
                    log = folder.Open(fileBytesMax: 10_000, cacheBytesMax: 20_000);
                    capture = Open(folder, log, archive, changed, skipEmpty);
                }
            }

            folder.Now += Window * 2;
            archive.Next = MemoryArchive.Failure.None;
            await WriteAll(capture);
            log.Dispose();

            var files = archive.Files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => CapturedEvent.Read(file.Value).Events).ToList();
            Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), files.SelectMany(events => events).Select(one => one.Sequence));
            Assert.True(!skipEmpty || files.All(events => events.Count > 0));
            Assert.Empty(folder.Reports);
        }, iter: 40);
    }

    [Fact]
    public async Task A_file_ends_with_its_time_or_its_size_and_is_named_after_its_beginning()
    {
        using var folder = new LogFolder();
        using var log = folder.Open();
        var archive = new MemoryArchive();
        var capture = Open(folder, log, archive, bytesMax: 10_000, skipEmpty: true);

        await log.Append([Event(100), Event(100)]);
        folder.Now += Window - TimeSpan.FromSeconds(1);
        Assert.False(await capture.WriteNext(TestContext.Current.CancellationToken));
        Assert.Equal(TimeSpan.FromSeconds(1), capture.Due);
        folder.Now += TimeSpan.FromSeconds(1);
        Assert.True(await capture.WriteNext(TestContext.Current.CancellationToken));
        Assert.Equal([0, 1], Sequences(archive, "mine/counts/3/2026/11/23/12/00/00.avro"));

        await log.Append([.. Enumerable.Range(0, 5).Select(_ => Event(3_000))]);
        Assert.True(capture.IsFull);
        Assert.True(await capture.WriteNext(TestContext.Current.CancellationToken));
        Assert.Equal([2, 3, 4, 5], Sequences(archive, "mine/counts/3/2026/11/23/12/01/00.avro"));
        Assert.False(capture.IsFull);
        Assert.False(await capture.WriteNext(TestContext.Current.CancellationToken));

        // The same second begins two files: the later name is moved on.
        await log.Append([.. Enumerable.Range(0, 3).Select(_ => Event(3_000))]);
        Assert.True(await capture.WriteNext(TestContext.Current.CancellationToken));
        Assert.Equal([6, 7, 8], Sequences(archive, "mine/counts/3/2026/11/23/12/01/01.avro")[..3]);
    }

    [Fact]
    public async Task A_window_without_events_is_an_empty_file_or_none_as_asked()
    {
        foreach (var skipEmpty in new[] { false, true })
        {
            using var folder = new LogFolder();
            using var log = folder.Open();
            var archive = new MemoryArchive();
            var capture = Open(folder, log, archive, bytesMax: 10_000, skipEmpty);
            for (var i = 0; i < 3; i++)
            {
                folder.Now += Window;
                await WriteAll(capture);
            }

            Assert.Equal(skipEmpty ? 0 : 3, archive.Files.Count);
            Assert.All(archive.Files.Values, file => Assert.Empty(CapturedEvent.Read(file).Events));
        }
    }

    [Fact]
    public async Task Events_are_in_the_files_as_the_service_writes_them()
    {
        using var folder = new LogFolder();
        using var log = folder.Open();
        var archive = new MemoryArchive();
        var capture = Open(folder, log, archive, bytesMax: 1, skipEmpty: true);
        folder.Now = new DateTimeOffset(2026, 1, 2, 16, 4, 5, TimeSpan.Zero);
        var id = Guid.NewGuid();
        await log.Append(
        [
            Of(new Message
            {
                Properties = new Properties { MessageId = "m1", ContentType = "text/plain" },
                MessageAnnotations = new MessageAnnotations { [new Symbol("x-opt-partition-key")] = "kitten" },
                ApplicationProperties = new ApplicationProperties
                {
                    ["int"] = -7, ["ulong"] = ulong.MaxValue, ["double"] = 1.5, ["float"] = 0.25f, ["text"] = "Grüße", ["bytes"] = new byte[] { 1, 2 },
                    ["null"] = null!, ["bool"] = true, ["uuid"] = id, ["time"] = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123).UtcDateTime,
                },
                BodySection = new Data { Binary = "hello"u8.ToArray() },
            }),
            Of(new Message { BodySection = new AmqpValue { Value = "a text" } }),
            Of(new Message { Properties = new Properties { MessageId = "no body" } }),
            Of(new Message { BodySection = TwoParts() }),
        ]);
        await WriteAll(capture);

        var events = archive.Files.OrderBy(file => file.Key, StringComparer.Ordinal).SelectMany(file => CapturedEvent.Read(file.Value).Events).ToList();
        var first = events[0];
        Assert.Equal((0L, "0", "1/2/2026 4:04:05 PM"), (first.Sequence, first.Offset, first.EnqueuedTime));
        Assert.Equal(("m1", "text/plain", "kitten"), (first.System["message-id"], first.System["content-type"], first.System["x-opt-partition-key"]));
        Assert.Equal((0L, "0"), (first.System["x-opt-sequence-number"], first.System["x-opt-offset"]));
        Assert.Equal(folder.Now.ToUnixTimeMilliseconds(), first.System["x-opt-enqueued-time"]);
        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["int"] = -7L,
                ["ulong"] = "18446744073709551615",
                ["double"] = 1.5,
                ["float"] = 0.25,
                ["text"] = "Grüße",
                ["bytes"] = new byte[] { 1, 2 },
                ["null"] = null,
                ["bool"] = "True",
                ["uuid"] = id.ToString(),
                ["time"] = 1_700_000_000_123L,
            },
            first.Properties);
        Assert.Equal(["hello", "a text", null, "\u0001\u0002\u0003"], events.Select(one => one.Body is { } body ? Encoding.UTF8.GetString(body) : null));
    }

    [Fact]
    public async Task A_file_of_any_size_is_written_in_parts_of_a_few_megabytes_with_the_schema_of_the_service()
    {
        using var folder = new LogFolder();
        using var log = folder.Open();
        var archive = new MemoryArchive();
        var capture = Open(folder, log, archive, bytesMax: 60_000_000, skipEmpty: true);
        for (var i = 0; i < 80; i++)
            await log.Append([Event(1_000_000)]);
        Assert.True(await capture.WriteNext(TestContext.Current.CancellationToken));

        var (events, schema) = CapturedEvent.Read(Assert.Single(archive.Files).Value);
        Assert.Equal(60, events.Count);
        Assert.InRange(archive.PartMax, 4_000_000, 6_000_000);
        Assert.Contains("\"namespace\":\"Microsoft.ServiceBus.Messaging\"", schema, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_captured_must_be_known()
    {
        using var folder = new LogFolder();
        using (var log = folder.Open())
        {
            await log.Append([Event(10)]);
            folder.Now += Window;
            await WriteAll(Open(folder, log, new MemoryArchive(), 10_000, skipEmpty: true));
        }

        foreach (var file in folder.Files)
            File.Delete(file);
        using var empty = folder.Open();
        Assert.Contains("remove this file too", Assert.Throws<InvalidDataException>(() => Reopen()).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder.Folder, "capture.json"), "{");
        Assert.Contains("cannot be read", Assert.Throws<InvalidDataException>(() => Reopen()).Message, StringComparison.Ordinal);

        PartitionCapture Reopen() => Open(folder, empty, new MemoryArchive(), 10_000, skipEmpty: true);
    }

    [Theory]
    [InlineData("{Namespace}/{EventHub}/{PartitionId}/{Year}/{Month}/{Day}/{Hour}/{Minute}")]
    [InlineData("/{Namespace}/{EventHub}/{PartitionId}/{Year}/{Month}/{Day}/{Hour}/{Minute}/{Second}")]
    [InlineData("")]
    public void A_name_without_all_fields_is_refused(string format) => Assert.Throws<ArgumentException>(() => new BlobName(format, "mine"));

    [Fact]
    public void Fields_of_a_name_may_stand_in_any_order() => Assert.Equal(
        "y2026-m01-d02/counts_7_mine/03-04-05.avro",
        new BlobName("y{Year}-m{Month}-d{Day}/{EventHub}_{PartitionId}_{Namespace}/{Hour}-{Minute}-{Second}", "mine")
            .Of("counts", 7, new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)));

    private static PartitionCapture Open(LogFolder folder, PartitionLog log, MemoryArchive archive, long bytesMax, bool skipEmpty) =>
        new("counts", 3, log, new CaptureSettings(Name, Window, bytesMax, skipEmpty, folder), archive, _ => { });

    private static async Task WriteAll(PartitionCapture capture)
    {
        try
        {
            while (await capture.WriteNext(TestContext.Current.CancellationToken))
            {
            }
        }
        catch (IOException)
        {
            // As the archive was told.
        }
    }

    private static List<long> Sequences(MemoryArchive archive, string name) => [.. CapturedEvent.Read(archive.Files[name]).Events.Select(one => one.Sequence)];

    private static DataList TwoParts()
    {
        var parts = new DataList();
        parts.Add(new Data { Binary = [1, 2] });
        parts.Add(new Data { Binary = [3] });
        return parts;
    }

    private static IncomingEvent Event(int bytes) => Of(new Message { BodySection = new Data { Binary = new byte[bytes] } });

    private static IncomingEvent Of(Message message)
    {
        var bytes = message.Encode();
        return IncomingEvent.Single(bytes.Buffer.AsMemory(bytes.Offset, bytes.Length));
    }
}
