using Orleans.Counter.Storage;

namespace Orleans.Counter.Streaming;

/// <summary>Gathers what a partition's reader has seen since it last wrote it down. What comes out is a function of the log, but for where it was cut.</summary>
/// <remarks>
/// A stretch says that its generation begins with it only if this reader has seen the message before, in another generation, or if no message can be before. One that
/// came into the middle of a generation, or across a hole in the log, keeps what it sees, too: somebody else's stretches may reach up to there.
/// </remarks>
internal sealed class OpenSightings(int partition, LogIdentity log)
{
    private readonly List<ulong> _ids = [];
    private long? _generation;
    private long? _follows;
    private long _after = -1;
    private long? _last;

    /// <summary>How many are gathered.</summary>
    public int Count => _ids.Count;

    /// <summary>Goes on where a reader stood whose sightings are written.</summary>
    public void Resume(SightingsKnown known)
    {
        (_generation, _follows) = (known.Generation, null);
        _last = _after = known.Through;
    }

    /// <summary>Goes on to a message, before anything is seen in it; what was gathered in another generation is given back.</summary>
    /// <param name="sequenceNumber">The message.</param>
    /// <param name="generation">The generation that the log has reached with it; null if there was no frame yet.</param>
    public SightingDelta? MoveTo(long sequenceNumber, long? generation)
    {
        SightingDelta? before = null;
        var joins = _last == sequenceNumber - 1;
        if (!joins || (_generation is not null && generation != _generation))
        {
            before = Take();
            _follows = joins ? _generation : sequenceNumber == 0 ? SightingStretch.LogBegins : null;
            _after = sequenceNumber - 1;
        }

        (_generation, _last) = (generation, sequenceNumber);
        return before;
    }

    public void Add(ulong id) => _ids.Add(id);

    /// <summary>Gives what was gathered, up to the last message, and begins anew after it. Null if there was no message.</summary>
    public SightingDelta? Take()
    {
        if (_generation is not { } generation || _last is not { } last || last == _after) return null;
        var stretch = new SightingStretch(partition, generation, Position.Of(log.Era, _after), Position.Of(log.Era, last), _follows);
        var delta = new SightingDelta(stretch, log.HubCreatedAt, _ids.ToArray());
        _ids.Clear();
        (_after, _follows) = (last, null);
        return delta;
    }
}
