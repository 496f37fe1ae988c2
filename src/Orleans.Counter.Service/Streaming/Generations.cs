namespace Orleans.Counter.Streaming;

/// <summary>Which ids a partition has seen lately, by the hub's clock, in generations of ten minutes.</summary>
/// <remarks>
/// A repeat is what stands earlier in the log, in the same generation or the one before. The generation never steps back: where the hub's clock does so a little, the
/// message belongs to the newest generation that the log has reached. Every sighting enters the set of its own generation, repeats as well: a reader that takes over
/// in the middle of the log then decides as its predecessor did. With first sightings only, it would not.
/// </remarks>
internal sealed class Generations
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(10);

    private long _generation = long.MinValue;
    private IdSet _own = new();
    private IdSet _before = new();

    /// <summary>How many ids are remembered.</summary>
    public long Count => (long)_own.Count + _before.Count;

    /// <summary>From when on the log has to be read to decide about a message of this moment as every other reader does.</summary>
    /// <remarks>One generation more than is looked at: the message may belong to a later one than its own time says, never to an earlier one.</remarks>
    public static DateTimeOffset NeededFor(DateTimeOffset enqueuedTime) => new((Of(enqueuedTime) - 2) * Length.Ticks, TimeSpan.Zero);

    /// <summary>The generation that the log has reached; null before the first frame.</summary>
    public long? Reached => _generation == long.MinValue ? null : _generation;

    /// <summary>The generation of this moment, numbered from the year 1.</summary>
    public static long Of(DateTimeOffset enqueuedTime) => enqueuedTime.UtcTicks / Length.Ticks;

    /// <summary>Knows what a reader knew that stood here.</summary>
    public void Resume(SightingsKnown known) => (_generation, _own, _before) = (known.Generation, known.Own, known.Before);

    /// <summary>Goes on to the generation of a message, and forgets what is too old for any further one.</summary>
    public void MoveTo(DateTimeOffset enqueuedTime)
    {
        var generation = Of(enqueuedTime);
        if (generation <= _generation) return;
        _before = generation == _generation + 1 ? _own : new();
        _own = new();
        _generation = generation;
    }

    /// <summary>True if the id was seen in this generation or the one before; from now on it was.</summary>
    public bool HasSeen(ulong id)
    {
        var seen = _own.Contains(id) || _before.Contains(id);
        _own.Add(id);
        return seen;
    }
}
