namespace Orleans.Counter.Streaming;

/// <summary>Which ids a partition has seen lately, by the hub's clock, in generations of ten minutes.</summary>
/// <remarks>
/// A repeat is what stands earlier in the log, in the same generation or the one before. Every sighting enters the set of its own generation, repeats as well: a reader
/// that takes over in the middle of the log then decides as its predecessor did. With first sightings only, it would not.
/// </remarks>
internal sealed class Generations
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(10);

    // The newest, the one before, and one more: the hub's clock may step back a little, and a message just behind a border still needs the generation before its own.
    private const int Kept = 3;

    private readonly Dictionary<long, IdSet> _sets = [];
    private long _newest = long.MinValue;

    /// <summary>The generation of a moment.</summary>
    public static long Of(DateTimeOffset enqueuedTime) => enqueuedTime.UtcTicks / Length.Ticks;

    /// <summary>From when on the log has to be read to decide about a message of this moment as every other reader does.</summary>
    public static DateTimeOffset NeededFor(DateTimeOffset enqueuedTime) => new((Of(enqueuedTime) - (Kept - 1)) * Length.Ticks, TimeSpan.Zero);

    /// <summary>How many ids are remembered.</summary>
    public long Count => _sets.Values.Sum(set => (long)set.Count);

    /// <summary>Opens the generation of a message, and forgets what is too old for any further one.</summary>
    public Seen At(DateTimeOffset enqueuedTime)
    {
        _newest = Math.Max(_newest, Of(enqueuedTime));
        foreach (var old in _sets.Keys.Where(generation => generation <= _newest - Kept).ToList()) _sets.Remove(old);
        var own = Math.Max(Of(enqueuedTime), _newest - (Kept - 2));
        if (!_sets.TryGetValue(own, out var set)) _sets[own] = set = new();
        return new(set, _sets.GetValueOrDefault(own - 1));
    }

    /// <summary>What a message is judged by: its own generation and the one before.</summary>
    public readonly ref struct Seen(IdSet own, IdSet? before)
    {
        /// <summary>True if the id was seen; from now on it was.</summary>
        public bool Before(ulong id)
        {
            var seen = own.Contains(id) || before?.Contains(id) is true;
            own.Add(id);
            return seen;
        }
    }
}
