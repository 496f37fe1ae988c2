using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Orleans.Counter.Dev.Log;

/// <summary>One file of a partition: a header, then records without gaps. Named after the sequence number of its first record.</summary>
/// <remarks>
/// Header, little endian: 8 bytes <c>devhub01</c>, i64 first sequence number, i64 first offset, u32 CRC-32C of these 24 bytes, 4 bytes 0.
/// It makes an empty file know where its partition stands.
/// </remarks>
internal sealed class LogFile : IDisposable
{
    public const int HeaderBytes = 32;

    private const int SummedBytes = 24;

    // A search reads at most this far from an entry; an entry costs 24 bytes of memory.
    private const int IndexEveryBytes = 64 * 1024;
    private const int IndexEveryRecords = 256;

    private static readonly byte[] Magic = "devhub01"u8.ToArray();

    private readonly List<Stamp> _index = [];

    private LogFile(string path, SafeFileHandle handle, long firstSequence, long firstOffset) =>
        (FilePath, Handle, FirstSequence, FirstOffset) = (path, handle, firstSequence, firstOffset);

    public string FilePath { get; }

    public SafeFileHandle Handle { get; }

    public long FirstSequence { get; }

    public long FirstOffset { get; }

    /// <summary>Nothing will be added, and its index was written: from now on it may be removed.</summary>
    public bool IsClosed { get; set; }

    /// <summary>Where searches may start; ascending. The caller guards it.</summary>
    public IReadOnlyList<Stamp> Index => _index;

    public long PositionOf(long offset) => HeaderBytes + offset - FirstOffset;

    /// <summary>Remembers a record if searches have far to go since the last one remembered.</summary>
    public static bool IsDue(Stamp? last, in Stamp record) =>
        last is not { } entry || record.Offset - entry.Offset >= IndexEveryBytes || record.Sequence - entry.Sequence >= IndexEveryRecords;

    public void Add(in Stamp entry) => _index.Add(entry);

    /// <summary>A new file, durable with its name.</summary>
    public static LogFile Create(string folder, long firstSequence, long firstOffset)
    {
        var path = Path.Combine(folder, firstSequence.ToString("D20", CultureInfo.InvariantCulture) + ".log");
        var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        Span<byte> header = stackalloc byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], firstSequence);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], firstOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(header[SummedBytes..], Crc32C.Compute(header[..SummedBytes]));
        RandomAccess.Write(handle, header, 0);
        RandomAccess.FlushToDisk(handle);
        Disk.FlushFolder(folder);
        return new LogFile(path, handle, firstSequence, firstOffset);
    }

    /// <summary>Opens a file; its records are not looked at.</summary>
    /// <exception cref="LogDamagedException">It does not begin as a log file does.</exception>
    public static LogFile Open(string path)
    {
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (RandomAccess.Read(handle, header, 0) == HeaderBytes
            && header.StartsWith(Magic)
            && BinaryPrimitives.ReadUInt32LittleEndian(header[SummedBytes..]) == Crc32C.Compute(header[..SummedBytes]))
        {
            var (sequence, offset) = (BinaryPrimitives.ReadInt64LittleEndian(header[8..]), BinaryPrimitives.ReadInt64LittleEndian(header[16..]));
            return new LogFile(path, handle, sequence, offset);
        }

        handle.Dispose();
        throw new LogDamagedException(path, 0, "it does not begin with the header of a log file");
    }

    public void Dispose() => Handle.Dispose();
}
