using Microsoft.Win32.SafeHandles;
using Orleans.Counter.Dev.Log;

namespace Orleans.Counter.Tests.Dev;

/// <summary>A partition's folder that is there for one test, and a clock that a test sets.</summary>
internal sealed class LogFolder : TimeProvider, IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("devhub-log-").FullName;
    private readonly List<string> _reports = [];

    public string Folder => Path.Combine(_root, "0");

    public DateTimeOffset Now { get; set; } = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public Action<SafeFileHandle> Flush { get; set; } = RandomAccess.FlushToDisk;

    public IReadOnlyList<string> Reports => _reports;

    public IReadOnlyList<string> Files => [.. Directory.GetFiles(Folder, "*.log").Order(StringComparer.Ordinal)];

    public override DateTimeOffset GetUtcNow() => Now;

    public PartitionLog Open(long fileBytesMax = 64 * 1024 * 1024, int cacheBytesMax = 4 * 1024 * 1024) =>
        PartitionLog.Open(Folder, new LogSettings(fileBytesMax, cacheBytesMax, this, handle => Flush(handle), _reports.Add));

    public static void Flip(string file, long position)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Position = position;
        var value = stream.ReadByte();
        stream.Position = position;
        stream.WriteByte((byte)(value ^ 0x10));
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>All events from the beginning on.</summary>
    public static List<LogRecord> All(PartitionLog log) => Read(log.FromSequence(0));

    /// <summary>All events that a reader finds.</summary>
    public static List<LogRecord> Read(LogReader reader)
    {
        var records = new List<LogRecord>();
        for (; reader.TryPeek(out var record); reader.Advance())
            records.Add(record);
        return records;
    }

    /// <summary>Where each record begins in its file, and the end of the last one, if there is a single file.</summary>
    public static List<long> Positions(PartitionLog log) =>
        [.. All(log).Select(record => LogFile.HeaderBytes + record.Stamp.Offset), LogFile.HeaderBytes + log.End.NextOffset];
}

/// <summary>An event of these bytes.</summary>
internal sealed class Bytes(params byte[] payload) : IAppendable
{
    public int LengthMax => payload.Length;

    public int Write(Span<byte> destination, in Stamp stamp)
    {
        payload.CopyTo(destination);
        return payload.Length;
    }

    public static IReadOnlyList<IAppendable> Of(IEnumerable<byte[]> payloads) => [.. payloads.Select(payload => new Bytes(payload))];
}
