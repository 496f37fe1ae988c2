using Orleans.Counter.Dev.Log;

namespace Orleans.Counter.Dev.Capture;

/// <summary>How windows are cut; the same for all hubs.</summary>
internal sealed record CaptureSettings(BlobName Name, TimeSpan Window, long WindowBytesMax, bool SkipEmpty, TimeProvider Time);

/// <summary>Copies one partition into files, each event into exactly one.</summary>
/// <remarks>
/// A window is decided, and the decision is on disk before its file is begun: what it holds and what it is called. After a crash the same window is written
/// again, as the same bytes under the same name. When it is in storage the progress moves past it, and only then may retention remove its events.
/// For one caller at a time.
/// </remarks>
internal sealed class PartitionCapture
{
    private const long MillisecondsPerSecond = 1000;

    private readonly string _hub;
    private readonly int _partition;
    private readonly CaptureSettings _settings;
    private readonly IArchive _archive;
    private readonly string _path;
    private CaptureProgress _progress;
    private long _nextOffset;

    /// <param name="hub">The name of the hub.</param>
    /// <param name="partition">The number of the partition.</param>
    /// <param name="log">The partition. From now on it keeps what is not captured.</param>
    /// <param name="settings">How windows are cut.</param>
    /// <param name="archive">Where files go.</param>
    /// <param name="report">Is told of events that were removed before they were captured.</param>
    /// <exception cref="InvalidDataException">What was captured is unknown, or is more than there is.</exception>
    public PartitionCapture(string hub, int partition, PartitionLog log, CaptureSettings settings, IArchive archive, Action<string> report)
    {
        (_hub, _partition, Log, _settings, _archive) = (hub, partition, log, settings, archive);
        _path = Path.Combine(log.Folder, "capture.json");
        var (begin, beginOffset) = log.Begin;
        _progress = CaptureProgress.Load(_path) ?? new CaptureProgress(CaptureProgress.CurrentVersion, begin, beginOffset, 0, 0, null);
        if ((_progress.Writing?.Stop ?? _progress.Next) > log.End.NextSequence)
        {
            throw new InvalidDataException(
                $"'{_path}' says that event {_progress.Writing?.Stop ?? _progress.Next} of hub '{hub}', partition {partition} comes next, " +
                $"but the partition ends at {log.End.LastSequence}. If its events were removed, remove this file too.");
        }

        if (_progress.Next < begin)
        {
            report($"Events {_progress.Next} to {begin - 1} of hub '{hub}', partition {partition} were removed while nobody captured them.");
            _progress = _progress with { Next = begin, NextOffset = beginOffset, Writing = null };
        }

        if (_progress.Start == 0)
            _progress = _progress with { Start = log.FromSequence(begin).TryPeek(out var first) ? first.Stamp.EnqueuedMilliseconds : Now };
        _nextOffset = _progress.NextOffset;
        log.KeepFrom = _progress.Next;
    }

    /// <summary>As people call it.</summary>
    public string Name => $"{_hub}/{_partition}";

    public PartitionLog Log { get; }

    /// <summary>How long until the window that is being filled ends by time; zero or less if it has.</summary>
    public TimeSpan Due => TimeSpan.FromMilliseconds(Math.Min(Limit - Now, _settings.Window.TotalMilliseconds)); // clocks are set back at times

    /// <summary>Enough events are there for a file. For any thread.</summary>
    public bool IsFull => Log.End.NextOffset - Volatile.Read(ref _nextOffset) >= _settings.WindowBytesMax;

    private long Now => _settings.Time.GetUtcNow().ToUnixTimeMilliseconds();

    private long Limit => _progress.Start + (long)_settings.Window.TotalMilliseconds;

    /// <summary>Writes the next file if its window has ended.</summary>
    /// <returns>False if there is nothing to do now.</returns>
    /// <exception cref="IOException">The log cannot be read, or the progress not written.</exception>
    public async Task<bool> WriteNext(CancellationToken cancellationToken)
    {
        var window = _progress.Writing ?? End();
        if (window is null)
            return false;
        if (_progress.Writing is null)
            Save(_progress with { Writing = window });
        await _archive.Write(window.Blob, AvroFile.Parts(window.Blob, Events(window)), cancellationToken).ConfigureAwait(false);
        Save(new CaptureProgress(CaptureProgress.CurrentVersion, window.Stop, window.StopOffset, window.NextStart, window.Named, null));
        Volatile.Write(ref _nextOffset, window.StopOffset);
        Log.KeepFrom = window.Stop;
        return true;
    }

    // Where the window ends is a question to the log's index; its events are not looked at before they are written.
    private CaptureWindow? End()
    {
        while (IsFull || Limit <= Now || (Log.End.NextSequence > _progress.Next && Log.End.LastEnqueuedMilliseconds >= Limit))
        {
            var (byTime, bySize) = (Log.FromTime(Limit), Log.FromOffset(_progress.NextOffset + _settings.WindowBytesMax));
            var isFull = bySize.Sequence < byTime.Sequence;
            var stop = isFull ? bySize : byTime;
            var next = stop.TryPeek(out var after) ? after.Stamp.EnqueuedMilliseconds : Math.Max(Now, _progress.Start);

            // Windows follow each other without a gap, but for the time in which nobody captured, or nothing came.
            var nextStart = isFull || next - Limit >= (long)_settings.Window.TotalMilliseconds ? next : Limit;
            var isEmpty = stop.Sequence <= _progress.Next;
            if (isEmpty && _settings.SkipEmpty)
            {
                _progress = _progress with { Start = nextStart };
                continue;
            }

            var named = Math.Max(_progress.Start - _progress.Start % MillisecondsPerSecond, _progress.LastNamed + MillisecondsPerSecond);
            var blob = _settings.Name.Of(_hub, _partition, DateTimeOffset.FromUnixTimeMilliseconds(named));
            return isEmpty
                ? new CaptureWindow(blob, _progress.Next, _progress.NextOffset, named, nextStart)
                : new CaptureWindow(blob, stop.Sequence, stop.Offset, named, nextStart);
        }

        return null;
    }

    private IEnumerable<LogRecord> Events(CaptureWindow window)
    {
        var reader = Log.FromSequence(_progress.Next);
        for (var expected = _progress.Next; expected < window.Stop; expected++, reader.Advance())
        {
            if (!reader.TryPeek(out var record) || record.Stamp.Sequence != expected)
                throw new InvalidDataException($"Event {expected} of {Name} was to be captured, and is not there.");
            yield return record;
        }
    }

    private void Save(CaptureProgress progress)
    {
        progress.Save(_path);
        _progress = progress;
    }
}
