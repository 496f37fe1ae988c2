using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Orleans.Counter.Dev.Log;

namespace Orleans.Counter.Dev.Capture;

/// <summary>An Avro container file of events, in parts: memory is for one part, whatever the file's size.</summary>
internal static class AvroFile
{
    private const int BlockBytes = 64 * 1024;
    private const int PartBytes = 4 * 1024 * 1024;
    private const int SyncBytes = 16;

    /// <summary>The same events under the same name are the same bytes.</summary>
    /// <returns>Parts of about 4 MiB, each valid until the next one.</returns>
    public static IEnumerable<ReadOnlyMemory<byte>> Parts(string name, IEnumerable<LogRecord> events)
    {
        // Avro wants 16 bytes between blocks that nobody expects in the data. Random ones would make a repeated file another one.
        var sync = SHA256.HashData(Encoding.UTF8.GetBytes(name))[..SyncBytes];
        var part = new ArrayBufferWriter<byte>(PartBytes + PartBytes / 2);
        var block = new ArrayBufferWriter<byte>(BlockBytes * 2);
        var (file, records, count) = (new AvroWriter(part), new AvroWriter(block), 0);
        WriteHeader(file, part, sync);
        foreach (var one in events)
        {
            EventRecord.Write(records, one);
            count++;
            if (block.WrittenCount < BlockBytes)
                continue;
            EndBlock();
            if (part.WrittenCount < PartBytes)
                continue;
            yield return part.WrittenMemory;
            part.ResetWrittenCount();
        }

        if (count > 0)
            EndBlock();
        if (part.WrittenCount > 0)
            yield return part.WrittenMemory;

        void EndBlock()
        {
            file.Long(count);
            file.Bytes(block.WrittenSpan);
            part.Write(sync);
            block.ResetWrittenCount();
            count = 0;
        }
    }

    private static void WriteHeader(AvroWriter file, ArrayBufferWriter<byte> part, byte[] sync)
    {
        part.Write("Obj\x01"u8);
        file.Long(2);
        file.Text("avro.codec");
        file.Bytes("null"u8);
        file.Text("avro.schema");
        file.Bytes(Encoding.UTF8.GetBytes(EventRecord.Schema));
        file.Long(0);
        part.Write(sync);
    }
}
