using System.Runtime.InteropServices;

namespace Orleans.Counter.Dev.Log;

/// <summary>What a commit changed.</summary>
internal sealed record LogCommit(
    LogEnd End, IReadOnlyList<LogFile> NewFiles, IReadOnlyList<(LogFile File, Stamp Entry)> Entries, IReadOnlyList<(LogFile File, LogEnd End)> ClosedFiles);

/// <summary>Writes a partition: whatever waits goes to disk in one write and one flush, so a crowd shares what a lone event pays for.</summary>
/// <remarks>
/// A thread of its own, because a flush blocks for milliseconds and would otherwise take turns with the sockets on the thread pool. It begins with the
/// first append. After a failure nobody knows what is on disk (a second flush may succeed without having written anything), so nothing more is taken.
/// </remarks>
internal sealed class LogWriter(
    string folder, LogSettings settings, TailCache cache, LogFile file, LogEnd end, Action<LogCommit> publish) : IDisposable
{
    // More waits for the next commit: bounds the memory of one, and how long its first event waits for its last.
    private const int CommitBytesMax = 4 * 1024 * 1024;

    private readonly object _gate = new();
    private readonly Queue<Pending> _queue = new();
    private readonly List<Pending> _batch = [];
    private readonly List<LogFile> _newFiles = [];
    private readonly List<(LogFile, Stamp)> _entries = [];
    private readonly List<(LogFile, LogEnd)> _closedFiles = [];
    private readonly List<ReadOnlyMemory<byte>> _segments = [];
    private Thread? _thread;
    private Exception? _failure;
    private bool _closing;

    private LogFile _file = file;
    private LogEnd _end = end;
    private long _durableOffset = end.NextOffset;
    private long _written = end.NextOffset;
    private Stamp? _lastEntry;

    /// <inheritdoc cref="PartitionLog.Failure"/>
    public string? Failure
    {
        get
        {
            lock (_gate)
                return _failure is null ? null : new LogFailedException(folder, _failure).Message;
        }
    }

    /// <inheritdoc cref="PartitionLog.Append"/>
    public Task Append(IReadOnlyList<IAppendable> events)
    {
        var pending = new Pending(events);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            if (_failure is not null)
                return Task.FromException(new LogFailedException(folder, _failure));
            _queue.Enqueue(pending);
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "log " + folder };
                _thread.Start();
            }

            Monitor.Pulse(_gate);
        }

        return pending.Done.Task;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        _thread?.Join();
    }

    private void Run()
    {
        while (Take())
        {
            try
            {
                Commit();
                foreach (var pending in _batch)
                    pending.Done.SetResult();
            }
            catch (Exception cause)
            {
                Fail(cause);
                return;
            }
        }
    }

    private bool Take()
    {
        _batch.Clear();
        lock (_gate)
        {
            while (_queue.Count == 0)
            {
                if (_closing)
                    return false;
                Monitor.Wait(_gate);
            }

            var bytes = 0L;
            while (bytes < CommitBytesMax && _queue.TryDequeue(out var pending))
            {
                _batch.Add(pending);
                bytes += pending.Bytes;
            }
        }

        return true;
    }

    private void Commit()
    {
        _newFiles.Clear();
        _entries.Clear();
        _closedFiles.Clear();
        foreach (var pending in _batch)
        {
            // A clock that was set back must not put an event before the one in front of it.
            var now = Math.Max(_end.LastEnqueuedMilliseconds, settings.Time.GetUtcNow().ToUnixTimeMilliseconds());
            foreach (var one in pending.Events)
                Compose(one, now);
        }

        Write();
        publish(new LogCommit(_end, [.. _newFiles], [.. _entries], [.. _closedFiles]));
    }

    private void Compose(IAppendable one, long now)
    {
        var stamp = new Stamp(_end.NextSequence, _end.NextOffset, now);
        var lengthMax = RecordHeader.Bytes + one.LengthMax;
        if (stamp.Offset > _file.FirstOffset && _file.PositionOf(stamp.Offset) + lengthMax > settings.FileBytesMax)
            Roll(stamp);

        var block = cache.Reserve(stamp.Offset, lengthMax);
        var record = block.Tail;
        var header = new RecordHeader(one.Write(record[RecordHeader.Bytes..], stamp), stamp.Sequence, stamp.Offset, now, _durableOffset);
        header.Seal(record);
        AddSegment(block, header.RecordLength);
        if (LogFile.IsDue(_lastEntry, stamp))
        {
            _entries.Add((_file, stamp));
            _lastEntry = stamp;
        }

        _end = new LogEnd(stamp.Sequence + 1, stamp.Offset + header.RecordLength, stamp.Offset, now);
    }

    // Neighbours in a block become one segment, so a commit is a handful of segments however many events it holds.
    private void AddSegment(TailCache.Block block, int length)
    {
        var start = block.Length;
        block.Advance(length);
        if (_segments.Count > 0
            && MemoryMarshal.TryGetArray(_segments[^1], out var last)
            && last.Array == block.Bytes
            && last.Offset + last.Count == start)
        {
            _segments[^1] = block.Bytes.AsMemory(last.Offset, last.Count + length);
            return;
        }

        _segments.Add(block.Bytes.AsMemory(start, length));
    }

    // The old file is whole on disk before the new one exists: only the last file can have a torn tail.
    private void Roll(in Stamp next)
    {
        Write();
        _closedFiles.Add((_file, _end));
        _file = LogFile.Create(folder, next.Sequence, next.Offset);
        _newFiles.Add(_file);
        _lastEntry = null;
    }

    private void Write()
    {
        if (_segments.Count == 0)
            return;
        RandomAccess.Write(_file.Handle, _segments, _file.PositionOf(_written));
        settings.Flush(_file.Handle);
        _segments.Clear();
        _written = _durableOffset = _end.NextOffset;
    }

    private void Fail(Exception cause)
    {
        List<Pending> waiting;
        lock (_gate)
        {
            _failure = cause;
            waiting = [.. _batch, .. _queue];
            _queue.Clear();
        }

        var failure = new LogFailedException(folder, cause);
        settings.Report(failure.Message);
        foreach (var pending in waiting)
            pending.Done.SetException(failure);
    }

    private sealed class Pending(IReadOnlyList<IAppendable> events)
    {
        public IReadOnlyList<IAppendable> Events { get; } = events;

        public long Bytes { get; } = events.Sum(one => (long)one.LengthMax);

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
