using System.Collections.Concurrent;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Query;

/// <summary>How far the rollup of a group is: see <see cref="GroupRow"/>. No day at all where rollup has not begun.</summary>
internal readonly record struct Watermark(DateOnly ArchivedThrough, DateOnly RetiredThrough);

/// <summary>How far rollup is, as it was known a moment ago.</summary>
/// <remarks>
/// It only moves on, so to know less than is true does no harm, except that a day row which was just deleted looks like a day without events: who misses a row has to ask <see cref="Fresh"/>, after it.
/// </remarks>
internal sealed class Watermarks(IRollupStore store, TimeProvider clock, QueryInstruments instruments)
{
    private static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Group, (Watermark Mark, long At)> _known = [];

    /// <summary>What was true some seconds ago, or later.</summary>
    public async ValueTask<Watermark> Known(Group group, CancellationToken cancellationToken) =>
        _known.TryGetValue(group, out var known) && clock.GetElapsedTime(known.At) <= AgeMax ? known.Mark : await Fresh(group, cancellationToken);

    /// <summary>What is true now: a point read.</summary>
    public async Task<Watermark> Fresh(Group group, CancellationToken cancellationToken)
    {
        var at = clock.GetTimestamp();
        instruments.Read("group");
        var row = (await store.ReadGroup(group, cancellationToken))?.Row;
        var mark = row is null ? default : new Watermark(row.ArchivedThrough, row.RetiredThrough);
        _known[group] = (mark, at);
        return mark;
    }
}
