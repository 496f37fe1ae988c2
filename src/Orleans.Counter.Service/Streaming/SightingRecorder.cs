using Orleans.Counter.Storage;

namespace Orleans.Counter.Streaming;

/// <summary>Writes down what the reader of a partition sees: gathered on the reader's turns, cut every few seconds and between generations, uploaded beside it.</summary>
internal sealed class SightingRecorder(OpenSightings open, SightingUploads uploads, TimeSpan every, TimeProvider clock)
{
    // A reader that catches up sees more in a second than usually in a minute: blobs of at most 4 MB are loaded side by side.
    private const int SightingsMax = 1 << 19;

    private DateTimeOffset _cutAt = clock.GetUtcNow() + every;

    public void Resume(SightingsKnown known) => open.Resume(known);

    /// <summary>Before anything is seen in a message.</summary>
    public void MoveTo(long sequenceNumber, long? generation) => Upload(open.MoveTo(sequenceNumber, generation));

    public void Add(ulong id) => open.Add(id);

    /// <summary>After a message was seen whole: what is gathered goes, if it is time.</summary>
    public void Write()
    {
        var now = clock.GetUtcNow();
        if (now < _cutAt && open.Count < SightingsMax) return;
        _cutAt = now + every;
        Upload(open.Take());
    }

    /// <summary>Nobody will need generations before this one any more.</summary>
    public void DeleteBefore(long generation) => uploads.DeleteBefore(generation);

    public Task End(CancellationToken cancellationToken)
    {
        Upload(open.Take());
        return uploads.End(cancellationToken);
    }

    private void Upload(SightingDelta? delta)
    {
        if (delta is not null) uploads.Add(delta);
    }
}
