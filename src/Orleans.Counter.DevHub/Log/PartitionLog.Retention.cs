namespace Orleans.Counter.Dev.Log;

/// <content>How old events leave: a whole file at a time, the oldest first.</content>
internal sealed partial class PartitionLog
{
    private long _keepFrom = long.MaxValue;
    private LogFile? _removing;

    /// <summary>Raised on the writing thread when a file can be removed that could not before. Handlers must not wait.</summary>
    public event Action? Closed;

    /// <summary>Somebody still needs the event of this sequence number and all after it: they are not removed.</summary>
    public long KeepFrom
    {
        get => Volatile.Read(ref _keepFrom);
        set => Volatile.Write(ref _keepFrom, value);
    }

    /// <summary>How many bytes the events take on disk.</summary>
    public long StoredBytes => _end.NextOffset - Begin.Offset;

    /// <summary>A time after which no event of the oldest file was enqueued; null if that file must stay.</summary>
    /// <remarks>The file of the newest event always stays: it says where the partition ends.</remarks>
    public long? OldestFileUntil
    {
        get
        {
            lock (_gate)
            {
                return _files.Count > 1 && _files[0].IsClosed && _files[1].Index is [var next, ..] && _files[1].FirstSequence <= KeepFrom
                    ? next.EnqueuedMilliseconds
                    : null;
            }
        }
    }

    /// <summary>Removes the oldest file, for one caller at a time, who has asked <see cref="OldestFileUntil"/>.</summary>
    /// <exception cref="IOException">Its events are gone for readers, but not its bytes; the next call begins with them.</exception>
    public void RemoveOldestFile()
    {
        if (_removing is null)
        {
            lock (_gate)
            {
                _removing = _files[0];
                _files.RemoveAt(0);
            }

            _removing.Dispose();
        }

        // The index first: a log file without one is read at the next start, an index without a log file would stay for good. One file is durably gone
        // before the next one follows, or a power loss could leave a hole in the partition.
        File.Delete(LogIndex.PathOf(_removing));
        File.Delete(_removing.FilePath);
        Disk.FlushFolder(Path.GetDirectoryName(_removing.FilePath)!);
        _removing = null;
    }
}
