using System.Globalization;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Storage;

/// <summary>Reads an Avro file of Event Hubs Capture, block by block: memory is for one block, whatever the file's size.</summary>
internal static class CapturedMessages
{
    private const int HeaderBytesMax = 1 << 20;
    private const int BlockBytesMax = 64 << 20; // Capture begins a new block far earlier; a message has 1 MB at most.

    /// <exception cref="InvalidDataException">It is not what Capture writes, or a part of it is missing.</exception>
    public static async IAsyncEnumerable<ReceivedEvent> Read(string name, Stream file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var source = new Source(name, file, cancellationToken);
        var (schema, codec, sync) = await Header(source);
        while (await source.TryLong() is { } count)
        {
            var bytes = await source.Bytes(await source.Long(), BlockBytesMax);
            if (!(await source.Bytes(sync.Length, sync.Length)).AsSpan().SequenceEqual(sync)) throw source.Damaged("a block does not end where it should");
            var values = new AvroValues(name, codec is "deflate" ? Inflated(source, bytes) : bytes);
            for (; count > 0; count--) yield return Message(source, values.Read(schema) as Dictionary<string, object?>);
            if (!values.IsAtEnd) throw source.Damaged("a block holds more than it says");
        }
    }

    private static async Task<(JsonNode Schema, string Codec, byte[] Sync)> Header(Source source)
    {
        if (!(await source.Bytes(4, 4)).AsSpan().SequenceEqual("Obj\x01"u8)) throw source.Damaged("it does not begin as an Avro file does");
        var (schema, codec) = (default(JsonNode), "null");
        for (var count = await source.Long(); count != 0; count = await source.Long())
        {
            if (count < 0) await source.Long(); // Its size in bytes follows.
            for (var left = Math.Abs(count); left > 0; left--)
            {
                var key = Encoding.UTF8.GetString(await source.Bytes(await source.Long(), HeaderBytesMax));
                var value = Encoding.UTF8.GetString(await source.Bytes(await source.Long(), HeaderBytesMax));
                if (key is "avro.codec") codec = value;
                if (key is "avro.schema") schema = Parse(source, value);
            }
        }

        if (codec is not ("null" or "deflate")) throw source.Damaged($"it is compressed with '{codec}', which is not known here");
        return (schema ?? throw source.Damaged("it has no schema"), codec, await source.Bytes(16, 16));
    }

    private static JsonNode? Parse(Source source, string schema)
    {
        try
        {
            return JsonNode.Parse(schema);
        }
        catch (JsonException broken)
        {
            throw source.Damaged($"its schema is not JSON: {broken.Message}");
        }
    }

    private static byte[] Inflated(Source source, byte[] bytes)
    {
        using var inflated = new MemoryStream();
        using var deflated = new DeflateStream(new MemoryStream(bytes), CompressionMode.Decompress);
        var part = new byte[1 << 16];
        while (deflated.Read(part) is > 0 and var read)
        {
            if (inflated.Length + read > BlockBytesMax) throw source.Damaged($"a block has more than {BlockBytesMax} bytes");
            inflated.Write(part, 0, read);
        }

        return inflated.ToArray();
    }

    private static ReceivedEvent Message(Source source, Dictionary<string, object?>? record)
    {
        if (record is null || record.GetValueOrDefault("SequenceNumber") is not long sequence || !record.TryGetValue("Body", out var kept)) throw source.Damaged("its records are not events of Event Hubs Capture");
        var body = kept as byte[];
        var properties = record.GetValueOrDefault("Properties") as Dictionary<string, object?> ?? [];
        return new(sequence, EnqueuedTime(source, record), body ?? [], body is not null, properties.Where(one => one.Value is not null).ToDictionary(one => one.Key, one => one.Value!));
    }

    // The annotation has milliseconds. The text has seconds, which say the same about minutes, and about generations of ten.
    private static DateTimeOffset EnqueuedTime(Source source, Dictionary<string, object?> record) =>
        record.GetValueOrDefault("SystemProperties") is Dictionary<string, object?> system && system.GetValueOrDefault("x-opt-enqueued-time") is long milliseconds
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : DateTimeOffset.TryParse(record.GetValueOrDefault("EnqueuedTimeUtc") as string, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : throw source.Damaged("an event does not say when it was enqueued");

    /// <summary>The bytes of the file, each once.</summary>
    private sealed class Source(string name, Stream file, CancellationToken cancellationToken)
    {
        private readonly byte[] _one = new byte[1];

        public InvalidDataException Damaged(string what) => AvroValues.Damaged(name, what);

        /// <summary>A number; null at the end of the file.</summary>
        public async ValueTask<long?> TryLong()
        {
            var value = 0UL;
            for (var shift = 0; shift < 64; shift += 7)
            {
                if (await file.ReadAsync(_one, cancellationToken) == 0) return shift == 0 ? null : throw Damaged("it ends in the middle of a number");
                value |= (ulong)(_one[0] & 0x7F) << shift;
                if (_one[0] < 0x80) return AvroValues.Signed(value);
            }

            throw Damaged("a number has more than 64 bits");
        }

        public async ValueTask<long> Long() => await TryLong() ?? throw Damaged("it ends too early");

        public async ValueTask<byte[]> Bytes(long count, int most)
        {
            if (count < 0 || count > most) throw Damaged($"a part of it says that it has {count} bytes");
            var bytes = new byte[count];
            return await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken) == count ? bytes : throw Damaged("it ends too early");
        }
    }
}
