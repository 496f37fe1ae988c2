using Microsoft.Win32.SafeHandles;

namespace Orleans.Counter.Dev.Log;

/// <summary>How a partition stores; the same for all of a hub.</summary>
/// <param name="FileBytesMax">A file that would grow beyond this is closed, and the next one begun.</param>
/// <param name="CacheBytesMax">The newest bytes that are kept in memory.</param>
/// <param name="Time">Gives the enqueued times.</param>
/// <param name="Flush">Makes a file's content durable.</param>
/// <param name="Report">Is told what a person should know.</param>
internal sealed record LogSettings(
    long FileBytesMax, int CacheBytesMax, TimeProvider Time, Action<SafeFileHandle> Flush, Action<string> Report);

/// <summary>Where a partition ends: the place of the next event, and of the last one; without any that is -1, at the beginning of Unix time.</summary>
internal sealed record LogEnd(long NextSequence, long NextOffset, long LastOffset, long LastEnqueuedMilliseconds)
{
    public long LastSequence => NextSequence - 1;
}

/// <summary>The events of one partition on disk, in order, without gaps.</summary>
/// <remarks>Appends are for any thread; one thread writes them. What <see cref="End"/> shows is on disk, and only that can be read.</remarks>
internal sealed partial class PartitionLog : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<LogFile> _files;
    private readonly TailCache _cache;
    private readonly LogWriter _writer;
    private readonly Action<string> _report;
    private volatile LogEnd _end;

    private PartitionLog(string folder, LogSettings settings, List<LogFile> files, LogEnd end)
    {
        Folder = folder;
        _files = files;
        _end = end;
        _report = settings.Report;
        _cache = new TailCache(settings.CacheBytesMax);
        _writer = new LogWriter(folder, settings, _cache, files[^1], end, Publish);
    }

    /// <summary>Raised on the writing thread after <see cref="End"/> moved. Handlers must not wait.</summary>
    public event Action? Appended;

    public string Folder { get; }

    public LogEnd End => _end;

    /// <summary>The sequence number of the oldest event that is there, or that will be the first.</summary>
    public long BeginSequence => Begin.Sequence;

    /// <summary>Where the oldest event is that is there, or where the first one will be.</summary>
    public (long Sequence, long Offset) Begin
    {
        get
        {
            lock (_gate)
                return (_files[0].FirstSequence, _files[0].FirstOffset);
        }
    }

    /// <summary>Why it takes nothing more; null as long as it does.</summary>
    public string? Failure => _writer.Failure;

    /// <summary>Opens what is there, checks what no index vouches for, and cuts a torn tail.</summary>
    /// <exception cref="LogDamagedException">Something that had been accepted is not there any more.</exception>
    public static PartitionLog Open(string folder, LogSettings settings)
    {
        Directory.CreateDirectory(folder);
        var (files, end) = LogRecovery.Run(folder, settings);
        return new PartitionLog(folder, settings, files, end);
    }

    /// <summary>Appends events one after another. Done when they are on disk.</summary>
    /// <exception cref="LogFailedException">They may be on disk or not.</exception>
    public Task Append(IReadOnlyList<IAppendable> events) => _writer.Append(events);

    /// <summary>A reader of this event and all after it; of the oldest one if this one is gone.</summary>
    public LogReader FromSequence(long sequence) => From(sequence, static stamp => stamp.Sequence);

    /// <summary>A reader of the first event at or after this offset.</summary>
    public LogReader FromOffset(long offset) => From(offset, static stamp => stamp.Offset);

    /// <summary>A reader of the first event that was enqueued at this time or later.</summary>
    public LogReader FromTime(long milliseconds) => From(milliseconds, static stamp => stamp.EnqueuedMilliseconds);

    /// <summary>A reader of what comes after the last event.</summary>
    public LogReader FromEnd()
    {
        var end = _end;
        return new LogReader(this, end.NextSequence, end.NextOffset);
    }

    /// <summary>Accepted bytes from this offset on: from memory, or up to <paramref name="lengthMax"/> from a file. Empty at the end.</summary>
    /// <returns>False if what stood there was removed.</returns>
    internal bool TryRead(long offset, int lengthMax, out LogBlock block)
    {
        block = default;
        var endOffset = _end.NextOffset;
        if (offset >= endOffset)
            return true;
        if (_cache.TryGet(offset, endOffset, out var cached))
        {
            block = new LogBlock(cached, null);
            return true;
        }

        LogFile file;
        lock (_gate)
        {
            var at = _files.FindLastIndex(candidate => candidate.FirstOffset <= offset);
            if (at < 0)
                return false;
            file = _files[at];
            if (at + 1 < _files.Count)
                endOffset = _files[at + 1].FirstOffset;
        }

        var bytes = new byte[Math.Min(lengthMax, endOffset - offset)];
        var read = 0;
        try
        {
            while (read < bytes.Length && RandomAccess.Read(file.Handle, bytes.AsSpan(read), file.PositionOf(offset) + read) is > 0 and var more)
                read += more;
        }
        catch (ObjectDisposedException) when (offset < Begin.Offset)
        {
            return false; // removed since we looked
        }

        if (read == 0)
            throw new LogDamagedException(file.FilePath, file.PositionOf(offset), "the file ends before its records do");
        block = new LogBlock(bytes.AsMemory(0, read), file);
        return true;
    }

    /// <summary>Takes no more events, writes those that it took, and closes the files.</summary>
    public void Dispose()
    {
        _writer.Dispose();
        foreach (var file in _files)
            file.Dispose();
    }

    private LogReader From(long value, Func<Stamp, long> key)
    {
        Stamp start;
        lock (_gate)
            start = Before(value, key);
        var reader = new LogReader(this, start.Sequence, start.Offset);
        while (reader.TryPeek(out var record) && key(record.Stamp) < value)
            reader.Advance();
        return reader;
    }

    // The last index entry that is before the value, or the beginning: keys only ever rise.
    private Stamp Before(long value, Func<Stamp, long> key)
    {
        for (var i = _files.Count - 1; i >= 0; i--)
        {
            var index = _files[i].Index;
            var (low, high) = (0, index.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (key(index[middle]) < value)
                    low = middle + 1;
                else
                    high = middle;
            }

            if (low > 0)
                return index[low - 1];
        }

        return new Stamp(_files[0].FirstSequence, _files[0].FirstOffset, 0);
    }

    private void Publish(LogCommit commit)
    {
        lock (_gate)
        {
            foreach (var (file, entry) in commit.Entries)
                file.Add(entry);
            _files.AddRange(commit.NewFiles);
            _end = commit.End;
        }

        _cache.Trim();
        Appended?.Invoke();
        foreach (var (file, end) in commit.ClosedFiles)
            LogRecovery.Remember(file, end, _report);
        if (commit.ClosedFiles.Count > 0)
            Closed?.Invoke();
    }
}
