using System.Buffers.Binary;

namespace Orleans.Counter.Dev.Log;

/// <summary>What is known of a closed log file, in a file beside it, so that a start need not read all events.</summary>
/// <remarks>
/// Little endian: 8 bytes <c>devhubi1</c>; i64 length of the log file, its first sequence number and first offset; i64 next sequence number, next offset,
/// last offset and last enqueued time where it ends; index entries of three i64; u32 CRC-32C of all before. It can be made again from the log file, so
/// whatever is wrong with it, it is not used.
/// </remarks>
internal static class LogIndex
{
    private const int HeadFields = 7;
    private const int EntryFields = 3;

    private static readonly byte[] Magic = "devhubi1"u8.ToArray();

    public static string PathOf(LogFile file) => Path.ChangeExtension(file.FilePath, ".index");

    /// <summary>Remembers a file to which nothing will be added.</summary>
    public static void Write(LogFile file, LogEnd end)
    {
        long[] fields =
        [
            file.PositionOf(end.NextOffset), file.FirstSequence, file.FirstOffset, end.NextSequence, end.NextOffset, end.LastOffset, end.LastEnqueuedMilliseconds,
            .. file.Index.SelectMany(entry => new[] { entry.Sequence, entry.Offset, entry.EnqueuedMilliseconds }),
        ];
        var bytes = new byte[Magic.Length + fields.Length * sizeof(long) + sizeof(uint)];
        Magic.CopyTo(bytes, 0);
        for (var i = 0; i < fields.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Magic.Length + i * sizeof(long)), fields[i]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - sizeof(uint)), Crc32C.Compute(bytes.AsSpan(0, bytes.Length - sizeof(uint))));
        Disk.Replace(PathOf(file), bytes);
    }

    /// <summary>Gives the file its index entries.</summary>
    /// <returns>Where the file ends; null if that is not known without reading it.</returns>
    public static LogEnd? Read(LogFile file)
    {
        if (!File.Exists(PathOf(file)))
            return null;
        var bytes = File.ReadAllBytes(PathOf(file)).AsSpan();
        var fieldBytes = bytes.Length - Magic.Length - sizeof(uint);
        if (fieldBytes < HeadFields * sizeof(long)
            || !bytes.StartsWith(Magic)
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^sizeof(uint)..]) != Crc32C.Compute(bytes[..^sizeof(uint)]))
        {
            return null;
        }

        var fields = new long[fieldBytes / sizeof(long)];
        for (var i = 0; i < fields.Length; i++)
            fields[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(Magic.Length + i * sizeof(long))..]);
        if (fields[0] != RandomAccess.GetLength(file.Handle) || fields[1] != file.FirstSequence || fields[2] != file.FirstOffset)
            return null;
        for (var i = HeadFields; i + EntryFields <= fields.Length; i += EntryFields)
            file.Add(new Stamp(fields[i], fields[i + 1], fields[i + 2]));
        return new LogEnd(fields[3], fields[4], fields[5], fields[6]);
    }
}
