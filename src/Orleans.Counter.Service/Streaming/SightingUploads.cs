using Orleans.Counter.Storage;

namespace Orleans.Counter.Streaming;

/// <summary>Writes a partition's sightings one after the other, while its reader goes on. Whatever goes wrong here costs the next reader time, and nothing else.</summary>
internal sealed partial class SightingUploads(int partition, ISightingStore store, int waitingBytesMax, StreamingInstruments instruments, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly Queue<SightingDelta> _waiting = new();
    private long _waitingBytes;
    private bool _isWriting;
    private Task _writing = Task.CompletedTask;
    private Task _deleting = Task.CompletedTask;
    private long _deletedBefore = long.MinValue;

    /// <summary>Has it written when it is its turn. Never waits; where too much waits, the oldest is let go.</summary>
    public void Add(SightingDelta delta)
    {
        lock (_lock)
        {
            _waiting.Enqueue(delta);
            _waitingBytes += Bytes(delta);
            while (_waitingBytes > waitingBytesMax && _waiting.Count > 1) LetGo(Dequeue(), $"more than {waitingBytesMax} bytes wait for the storage");
            if (_isWriting) return;
            _isWriting = true;
        }

        _writing = WriteWhatWaits();
    }

    /// <summary>Waits until everything is written, or until there is no more time.</summary>
    public async Task End(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
            while (_waiting.Count > 0) LetGo(Dequeue(), "the reader is leaving");
    }

    /// <summary>Deletes what is older than this generation, in the background; asked for the same again, it does nothing.</summary>
    public void DeleteBefore(long generation)
    {
        if (generation <= _deletedBefore || !_deleting.IsCompleted) return;
        _deletedBefore = generation;
        _deleting = Delete(generation);
    }

    private static long Bytes(SightingDelta delta) => 128 + ((long)delta.Ids.Length * sizeof(ulong));

    private async Task WriteWhatWaits()
    {
        while (true)
        {
            SightingDelta next;
            lock (_lock)
            {
                _isWriting = _waiting.Count > 0;
                if (!_isWriting) return;
                next = Dequeue();
            }

            try
            {
                await store.Write(next, CancellationToken.None).ConfigureAwait(false);
                instruments.SightingsWritten(next.Ids.Length);
            }
            catch (Exception exception)
            {
                LetGo(next, exception.Message);
            }
        }
    }

    private async Task Delete(long before)
    {
        try
        {
            foreach (var stretch in await store.List(partition, CancellationToken.None).ConfigureAwait(false))
                if (stretch.Generation < before) await store.Delete(stretch, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogNotDeleted(exception, partition); // The next generation tries again.
        }
    }

    private SightingDelta Dequeue()
    {
        var next = _waiting.Dequeue();
        _waitingBytes -= Bytes(next);
        return next;
    }

    private void LetGo(SightingDelta delta, string why)
    {
        instruments.SightingsLetGo(delta.Ids.Length);
        LogLetGo(delta.Stretch.Name, why);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The sightings {Name} are not written: {Reason}. Whoever takes over before two more generations have passed may have to read them in the log.")]
    private partial void LogLetGo(string name, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partition {Partition}: old sightings could not be deleted.")]
    private partial void LogNotDeleted(Exception exception, int partition);
}
