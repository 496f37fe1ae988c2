using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>The segments' promises without blobs. A test derives from it to break one thing.</summary>
internal class MemorySegmentStore : ISegmentStore
{
    private readonly ConcurrentDictionary<SegmentId, (Segment Segment, SegmentDay[] Days)> _segments = [];

    public virtual ValueTask<Segment?> Find(SegmentId id, CancellationToken cancellationToken) => new(_segments.TryGetValue(id, out var stands) ? stands.Segment : null);

    public virtual ValueTask<Segment> Write(SegmentId id, IEnumerable<SegmentDay> days, Segment? instead, CancellationToken cancellationToken)
    {
        SegmentDay[] written = [.. days];
        var cells = written.SelectMany(day => day.Hours).SelectMany(hour => hour.Cells).ToList();
        var segment = new Segment(id, Guid.NewGuid().ToString(), cells.Count, cells.Count, cells.Sum(cell => cell.Cell.Count));
        lock (_segments)
        {
            if ((_segments.TryGetValue(id, out var stands) ? stands.Segment : null) != instead) return ValueTask.FromException<Segment>(new StaleWriterException($"{id}"));
            _segments[id] = (segment, written);
            return new(segment);
        }
    }

    public virtual async IAsyncEnumerable<SegmentDay> Read(Segment segment, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!_segments.TryGetValue(segment.Id, out var stands) || stands.Segment != segment) throw new StaleWriterException($"{segment.Id}");
        foreach (var day in stands.Days) yield return day;
        await Task.CompletedTask;
    }

    public virtual ValueTask<IReadOnlyList<HourCells>> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken) => new(
        _segments.TryGetValue(new(day, Group.Of(video)), out var stands) && Array.Find(stands.Days, one => one.Video == video && one.Type == type) is { } found ? found.Hours : []);
}
