using System.Globalization;
using System.Runtime.CompilerServices;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>Segments without Azure. A test derives from it to break one thing.</summary>
internal class MemorySegmentStore : ISegmentStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SegmentId, (Segment Segment, IReadOnlyList<SegmentDay> Days)> _segments = [];
    private readonly Dictionary<SegmentId, SegmentTier> _tiers = [];
    private int _written;

    /// <summary>All segments, in order.</summary>
    public IReadOnlyList<Segment> Segments
    {
        get
        {
            lock (_lock) return [.. _segments.Values.Select(one => one.Segment).OrderBy(segment => segment.Id.Day).ThenBy(segment => segment.Id.Group.Number)];
        }
    }

    /// <summary>How often one was written.</summary>
    public int Writes => Volatile.Read(ref _written);

    /// <summary>Where a segment is kept; null if nobody has moved it since it was written.</summary>
    public SegmentTier? TierOf(SegmentId id)
    {
        lock (_lock) return _tiers.TryGetValue(id, out var tier) ? tier : null;
    }

    public virtual ValueTask<Segment?> Find(SegmentId id, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_segments.TryGetValue(id, out var stands) ? stands.Segment : null);
    }

    public virtual ValueTask<Segment> Write(SegmentId id, IEnumerable<SegmentDay> days, Segment? instead, CancellationToken cancellationToken)
    {
        List<SegmentDay> all = [.. days];
        for (var i = 0; i < all.Count; i++)
            if (all[i].Sums.Rows == 0 || Group.Of(all[i].Video) != id.Group || (i > 0 && SegmentDay.Order.Compare(all[i - 1], all[i]) >= 0) || all[i].Hours.Any(hour => TableLayout.DayOf(hour.Hour) != id.Day))
                throw new ArgumentException($"'{all[i].Video}' with type '{all[i].Type}' is empty, not in its place, or of another day or group.", nameof(days));
        lock (_lock)
        {
            if ((_segments.TryGetValue(id, out var stands) ? stands.Segment.Version : null) != instead?.Version) return ValueTask.FromException<Segment>(new StaleWriterException(TableLayout.SegmentName(id)));
            var sums = all.Aggregate(new SegmentSums(), (sum, day) => sum + day.Sums);
            var segment = new Segment(id, Interlocked.Increment(ref _written).ToString(CultureInfo.InvariantCulture), sums.Rows * 3, sums.Rows, sums.Count);
            _segments[id] = (segment, all);
            _tiers.Remove(id);
            return new(segment);
        }
    }

    public virtual async IAsyncEnumerable<SegmentDay> Read(Segment segment, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        IReadOnlyList<SegmentDay> days;
        lock (_lock) days = _segments.TryGetValue(segment.Id, out var stands) && stands.Segment.Version == segment.Version ? stands.Days : throw new StaleWriterException(TableLayout.SegmentName(segment.Id));
        foreach (var day in days) yield return day;
    }

    public virtual ValueTask<IReadOnlyList<HourCells>> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_segments.TryGetValue(new(day, Group.Of(video)), out var stands) ? stands.Days.FirstOrDefault(one => one.Video == video && one.Type == type)?.Hours ?? [] : []);
    }

    public virtual ValueTask Cool(SegmentId id, SegmentTier tier, CancellationToken cancellationToken)
    {
        lock (_lock)
            if (_segments.ContainsKey(id)) _tiers[id] = tier;
        return ValueTask.CompletedTask;
    }
}
