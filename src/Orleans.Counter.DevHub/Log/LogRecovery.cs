using Microsoft.Win32.SafeHandles;

namespace Orleans.Counter.Dev.Log;

/// <summary>Opens the files of a partition after whatever ended the process before.</summary>
/// <remarks>
/// Every record of the last file is read and checked, and those of files without an index; the others are checked when somebody reads them. Only the end
/// of the last file may be wrong, because every other file was flushed before its successor was made; what a crash left there was never accepted, and is
/// cut. Anything else is damage, and refused.
/// </remarks>
internal static class LogRecovery
{
    private const int BufferBytes = 4 * 1024 * 1024;

    public static (List<LogFile> Files, LogEnd End) Run(string folder, LogSettings settings)
    {
        var files = new List<LogFile>();
        try
        {
            var paths = Directory.GetFiles(folder, "*.log").Order(StringComparer.Ordinal).ToList();
            RemoveUnfinished(folder, paths, settings.Report);
            var end = new LogEnd(0, 0, -1, 0);
            foreach (var path in paths)
            {
                var file = LogFile.Open(path);
                files.Add(file);
                if (files.Count == 1)
                    end = end with { NextSequence = file.FirstSequence, NextOffset = file.FirstOffset };
                if (file.FirstSequence != end.NextSequence || file.FirstOffset != end.NextOffset)
                {
                    throw new LogDamagedException(
                        path, 0, $"it begins at sequence number {file.FirstSequence}, but {end.NextSequence} comes next: a file is missing");
                }

                var isLast = path == paths[^1];
                if (!isLast && LogIndex.Read(file) is { } known)
                {
                    file.IsClosed = true;
                    end = known;
                    continue;
                }

                end = Scan(file, end, isLast, settings);
                if (!isLast)
                    Remember(file, end, settings.Report);
            }

            if (files.Count == 0)
                files.Add(LogFile.Create(folder, 0, 0));
            return (files, end);
        }
        catch
        {
            foreach (var file in files)
                file.Dispose();
            throw;
        }
    }

    /// <summary>Writes the index of a closed file. Without it the next start reads the file.</summary>
    public static void Remember(LogFile file, LogEnd end, Action<string> report)
    {
        try
        {
            LogIndex.Write(file, end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            report($"The index of '{file.FilePath}' was not written, so the next start will take longer: {e.Message}");
        }

        file.IsClosed = true;
    }

    // A file that was being made holds no record: its header is flushed before the first one is written.
    private static void RemoveUnfinished(string folder, List<string> paths, Action<string> report)
    {
        if (paths.Count == 0 || new FileInfo(paths[^1]).Length > LogFile.HeaderBytes)
            return;
        try
        {
            LogFile.Open(paths[^1]).Dispose();
        }
        catch (LogDamagedException)
        {
            report($"Log file '{paths[^1]}' was being made when the process ended, and holds no event: removed.");
            File.Delete(paths[^1]);
            Disk.FlushFolder(folder);
            paths.RemoveAt(paths.Count - 1);
        }
    }

    private static LogEnd Scan(LogFile file, LogEnd end, bool isLast, LogSettings settings)
    {
        var length = RandomAccess.GetLength(file.Handle);
        var window = new Window(file.Handle, length);
        var position = (long)LogFile.HeaderBytes;
        Stamp? lastEntry = null;
        while (position < length)
        {
            var bytes = window.At(position);
            if (RecordHeader.Fault(bytes, end.NextSequence, end.NextOffset) is { } fault)
            {
                if (!isLast || IsFollowedByAccepted(file, window, position, length))
                    throw new LogDamagedException(file.FilePath, position, fault);
                settings.Report(
                    $"Log file '{file.FilePath}' has a torn tail: {length - position} bytes from byte {position} were never accepted, and are cut ({fault}).");
                RandomAccess.SetLength(file.Handle, position);
                break;
            }

            var header = RecordHeader.Read(bytes);
            var stamp = new Stamp(header.Sequence, header.Offset, header.EnqueuedMilliseconds);
            if (LogFile.IsDue(lastEntry, stamp))
            {
                file.Add(stamp);
                lastEntry = stamp;
            }

            end = new LogEnd(stamp.Sequence + 1, stamp.Offset + header.RecordLength, stamp.Offset, stamp.EnqueuedMilliseconds);
            position += header.RecordLength;
        }

        // Whole records of the last commit may have reached the file and not the disk. Readers will see them, so they must stay.
        if (isLast)
            settings.Flush(file.Handle);
        return end;
    }

    // A record written later says up to where the log was on disk by then. If that is past this place, what stood here had been accepted.
    private static bool IsFollowedByAccepted(LogFile file, Window window, long position, long length)
    {
        var faultOffset = file.FirstOffset + position - LogFile.HeaderBytes;
        for (var at = position + 1; at + RecordHeader.Bytes < length; at++)
        {
            var bytes = window.At(at);
            var header = RecordHeader.Read(bytes);
            if (header.Offset == file.FirstOffset + at - LogFile.HeaderBytes
                && header.DurableOffset > faultOffset
                && RecordHeader.Fault(bytes, header.Sequence, header.Offset) is null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A moving view of a file: at least one whole record from any place, if it is there.</summary>
    private sealed class Window(SafeFileHandle handle, long length)
    {
        private readonly byte[] _buffer = new byte[(int)Math.Min(length, BufferBytes)];
        private long _start;
        private int _count;

        public ReadOnlySpan<byte> At(long position)
        {
            var wanted = Math.Min(length - position, RecordHeader.Bytes + RecordHeader.PayloadMax);
            if (position < _start || position + wanted > _start + _count)
            {
                (_start, _count) = (position, 0);
                while (_count < _buffer.Length && RandomAccess.Read(handle, _buffer.AsSpan(_count), position + _count) is > 0 and var read)
                    _count += read;
            }

            return _buffer.AsSpan((int)(position - _start), (int)(_start + _count - position));
        }
    }
}
