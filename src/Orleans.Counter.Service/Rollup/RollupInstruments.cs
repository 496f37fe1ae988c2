using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Rollup;

/// <summary>What this stage tells the outside world.</summary>
internal sealed class RollupInstruments
{
    public const string Name = "Orleans.Counter.Rollup";

    private readonly ConcurrentDictionary<Group, DateOnly> _through = new();
    private readonly Counter<long> _days;
    private readonly Counter<long> _changed;
    private readonly Counter<long> _rows;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _retired;
    private readonly Counter<long> _anew;
    private readonly Counter<long> _failed;
    private readonly Histogram<double> _duration;

    public RollupInstruments(IMeterFactory meters, RollupPlan plan, TimeProvider clock)
    {
        var meter = meters.Create(Name);
        _days = meter.CreateCounter<long>("counter.rollup.days", "{day}", "Days of a group that were archived and hold something.");
        _changed = meter.CreateCounter<long>("counter.rollup.changed_days", "{day}", "Archived days of a group whose segment was written anew, because something in them has changed.");
        _rows = meter.CreateCounter<long>("counter.rollup.rows", "{minute}", "Minutes of a video and type in the segments that were written.");
        _bytes = meter.CreateCounter<long>("counter.rollup.bytes", "By", "Bytes of the segments that were written.");
        _retired = meter.CreateCounter<long>("counter.rollup.retired_days", "{day}", "Days of a group whose rows were deleted.");
        _anew = meter.CreateCounter<long>("counter.rollup.began_anew", "{time}", "How often something had changed between reading and writing.");
        _failed = meter.CreateCounter<long>("counter.rollup.failed_runs", "{run}", "Runs that did not come to their end.");
        _duration = meter.CreateHistogram<double>("counter.rollup.run.duration", "s", "How long a run of a group took.");
        meter.CreateObservableGauge(
            "counter.rollup.days_late", () => _through.Select(group => new Measurement<int>(plan.DaysLate(group.Value, clock.GetUtcNow()), new KeyValuePair<string, object?>("group", group.Key.ToString()))),
            "{day}", "Days of a group that might have been archived more than a day ago, and are not. Anything but 0 wants somebody's attention.");
    }

    public void Archived(IReadOnlyList<ArchivedDay> days)
    {
        _days.Add(days.Count);
        Wrote(days);
    }

    public void ArchivedChanges(IReadOnlyList<ArchivedDay> days)
    {
        _changed.Add(days.Count);
        Wrote(days);
    }

    public void Retired() => _retired.Add(1);

    public void BeganAnew() => _anew.Add(1);

    public void Ran(TimeSpan duration, bool failed)
    {
        _duration.Record(duration.TotalSeconds);
        if (failed) _failed.Add(1);
    }

    /// <summary>A group is so far, and this process knows it.</summary>
    public void IsThrough(Group group, DateOnly day) => _through[group] = day;

    /// <summary>Another process may know better from now on.</summary>
    public void Forget(Group group) => _through.TryRemove(group, out _);

    private void Wrote(IReadOnlyList<ArchivedDay> days)
    {
        foreach (var day in days)
        {
            _rows.Add(day.Rows);
            _bytes.Add(day.Bytes);
        }
    }
}
