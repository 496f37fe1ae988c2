using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>What rollup is promised, over the same rows.</summary>
internal partial class MemoryCountStore : IRollupStore
{
    private readonly Dictionary<Group, Versioned<GroupRow>> _groups = [];
    private readonly Dictionary<(Group Group, DateOnly Day), ArchivedDay> _manifest = [];

    /// <summary>All day rows.</summary>
    public IReadOnlyList<DayRow> Days
    {
        get
        {
            lock (_lock) return [.. _days.Values.Select(day => day.Row)];
        }
    }

    /// <summary>All month rows.</summary>
    public IReadOnlyList<MonthRow> Months
    {
        get
        {
            lock (_lock) return [.. _months.Values.Select(month => month.Row)];
        }
    }

    /// <summary>How far a group is; null before its first run.</summary>
    public GroupRow? GroupOf(Group group)
    {
        lock (_lock) return _groups.GetValueOrDefault(group)?.Row;
    }

    public virtual ValueTask<IReadOnlyList<VideoId>> FindOpen(Shard shard, int throughHour, CancellationToken cancellationToken)
    {
        lock (_lock) return new((IReadOnlyList<VideoId>)[.. Sorted(_videos.Values.Where(video => Shard.Of(video.Row.Video) == shard && video.Row.Open.Any(hour => hour.Hour <= throughHour)), video => TableLayout.VideoKey(video.Row.Video)).Select(video => video.Row.Video)]);
    }

    public virtual ValueTask<DateOnly?> FirstDay(Shard shard, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_days.Keys.Where(day => Shard.Of(day.Video) == shard).Min(day => (DateOnly?)day.Day));
    }

    public virtual ValueTask<IReadOnlyList<Versioned<DayRow>>> ReadDays(Shard shard, DateOnly day, CancellationToken cancellationToken)
    {
        lock (_lock) return new(DaysOf(shard, row => row.Day == day));
    }

    public virtual ValueTask<IReadOnlyList<Versioned<DayRow>>> ReadChangedDays(Shard shard, DateOnly first, DateOnly last, CancellationToken cancellationToken)
    {
        lock (_lock) return new(DaysOf(shard, row => row.IsChanged && first <= row.Day && row.Day <= last));
    }

    public virtual ValueTask<IReadOnlyList<Versioned<MonthRow>>> ReadMonths(Shard shard, DateOnly month, CancellationToken cancellationToken)
    {
        lock (_lock) return new((IReadOnlyList<Versioned<MonthRow>>)[.. Sorted(_months.Values.Where(row => Shard.Of(row.Row.Video) == shard && row.Row.Month == month), row => TableLayout.MonthKey(row.Row.Video, row.Row.Type, month))]);
    }

    public virtual ValueTask WriteMonths(Shard shard, IReadOnlyList<(MonthRow Row, RowVersion? Version)> rows, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var (row, version) in rows)
            {
                var key = (row.Video, row.Type, row.Month);
                if (_months.GetValueOrDefault(key)?.Version != version) return Stale(TableLayout.MonthKey(row.Video, row.Type, row.Month));
                _months[key] = new(row, NewVersion());
            }

            return ValueTask.CompletedTask;
        }
    }

    public virtual ValueTask DeleteDays(Shard shard, IReadOnlyList<Versioned<DayRow>> rows, CancellationToken cancellationToken) =>
        Change(rows, (key, _) => _days.Remove(key), isGoneRight: true);

    public virtual ValueTask MarkArchived(Shard shard, IReadOnlyList<Versioned<DayRow>> rows, CancellationToken cancellationToken) =>
        Change(rows, (key, row) => _days[key] = new(row with { IsChanged = false }, NewVersion()), isGoneRight: false);

    public virtual ValueTask<IReadOnlyList<Versioned<ChangedDay>>> ReadChanged(Shard shard, CancellationToken cancellationToken)
    {
        lock (_lock) return new((IReadOnlyList<Versioned<ChangedDay>>)[.. _changedDays.Where(day => day.Key.Shard == shard).OrderBy(day => day.Key.Day).Select(day => new Versioned<ChangedDay>(day.Key, day.Value))]);
    }

    public virtual ValueTask DeleteChanged(Shard shard, IReadOnlyList<Versioned<ChangedDay>> changed, CancellationToken cancellationToken)
    {
        lock (_lock)
            foreach (var (day, version) in changed)
                if (_changedDays.TryGetValue(day, out var stands) && stands == version) _changedDays.Remove(day);
        return ValueTask.CompletedTask;
    }

    public virtual ValueTask<Versioned<GroupRow>?> ReadGroup(Group group, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_groups.GetValueOrDefault(group));
    }

    public virtual ValueTask<RowVersion> WriteGroup(Group group, GroupRow row, RowVersion? version, IReadOnlyList<ArchivedDay> days, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_groups.GetValueOrDefault(group)?.Version != version) return ValueTask.FromException<RowVersion>(new StaleWriterException($"{TableLayout.RollupTable}/{group}"));
            _groups[group] = new(row, NewVersion());
            foreach (var day in days) _manifest[(group, day.Day)] = day;
            Changed();
            return new(_groups[group].Version);
        }
    }

    public virtual ValueTask<IReadOnlyList<ArchivedDay>> ReadManifest(Group group, DateOnly first, DateOnly last, CancellationToken cancellationToken)
    {
        lock (_lock) return new((IReadOnlyList<ArchivedDay>)[.. _manifest.Where(day => day.Key.Group == group && first <= day.Key.Day && day.Key.Day <= last).OrderBy(day => day.Key.Day).Select(day => day.Value)]);
    }

    private ValueTask Change(IReadOnlyList<Versioned<DayRow>> rows, Action<(VideoId, EventType, DateOnly), DayRow> change, bool isGoneRight)
    {
        lock (_lock)
        {
            foreach (var (row, version) in rows)
            {
                var key = (row.Video, row.Type, row.Day);
                if (!_days.TryGetValue(key, out var stands) && isGoneRight) continue;
                if (stands?.Version != version) return Stale(TableLayout.DayKey(row.Video, row.Type, row.Day));
                change(key, row);
            }

            return ValueTask.CompletedTask;
        }
    }

    private IReadOnlyList<Versioned<DayRow>> DaysOf(Shard shard, Func<DayRow, bool> which) =>
        [.. Sorted(_days.Values.Where(day => Shard.Of(day.Row.Video) == shard && which(day.Row)), day => TableLayout.DayKey(day.Row.Video, day.Row.Type, day.Row.Day))];

    private static IEnumerable<T> Sorted<T>(IEnumerable<T> rows, Func<T, string> key) => rows.OrderBy(key, StringComparer.Ordinal);

    private static ValueTask Stale(string row) => ValueTask.FromException(new StaleWriterException(row));
}
