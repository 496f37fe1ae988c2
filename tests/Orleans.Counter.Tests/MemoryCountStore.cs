using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>The store's promises without Azure. A test derives from it to break one thing.</summary>
internal partial class MemoryCountStore(TimeProvider? clock = null) : ICountStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<VideoId, Versioned<VideoRow>> _videos = [];
    private readonly Dictionary<(VideoId Video, EventType Type, DateOnly Day), Versioned<DayRow>> _days = [];
    private readonly Dictionary<(VideoId Video, EventType Type, DateOnly Month), Versioned<MonthRow>> _months = [];
    private readonly Dictionary<ChangedDay, RowVersion> _changedDays = [];
    private readonly HashSet<(string ChannelId, VideoId Video)> _owned = [];
    private readonly Dictionary<(VideoId, string Id), Correction> _corrections = [];
    private readonly Dictionary<Shard, Versioned<ShardRow>> _shards = [];
    private readonly Dictionary<Shard, IReadOnlyList<TopList>> _tops = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LogRow? _log;

    public IReadOnlyList<VideoRow> Videos
    {
        get
        {
            lock (_lock) return [.. _videos.Values.Select(video => video.Row)];
        }
    }

    public virtual ValueTask<Versioned<VideoRow>?> ReadVideo(VideoId video, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_videos.GetValueOrDefault(video));
    }

    public virtual ValueTask<IReadOnlyList<VideoId>> ReadVideos(Shard shard, VideoId? after, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var videos = _videos.Keys.Where(video => Shard.Of(video) == shard && string.CompareOrdinal(video.Value, after?.Value) > 0);
            return new((IReadOnlyList<VideoId>)[.. videos.OrderBy(video => video.Value, StringComparer.Ordinal).Take(1000)]);
        }
    }

    public virtual ValueTask<Versioned<DayRow>?> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_days.GetValueOrDefault((video, type, day)));
    }

    public virtual ValueTask<Versioned<MonthRow>?> ReadMonth(VideoId video, EventType type, DateOnly month, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_months.GetValueOrDefault((video, type, month)));
    }

    public virtual ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var row = commit.Row;
            if (!IsAsRead(commit, version)) return ValueTask.FromException<RowVersion>(new StaleWriterException(row.Video.Value));
            var written = NewVersion();
            _videos[row.Video] = new(row, written);
            foreach (var day in commit.Settled.GroupBy(hour => (row.Video, hour.Type, TableLayout.DayOf(hour.Hour)))) Settle(day.Key, [.. day]);
            if (commit.Channel?.From is { } from) _owned.Remove((from, row.Video));
            if (commit.Channel?.To is { } to) _owned.Add((to, row.Video));
            if (commit.Correction is { } correction) _corrections.Add((row.Video, correction.Id), correction);
            foreach (var (type, day) in commit.Removed ?? []) _days.Remove((row.Video, type, day));
            if (commit.Whole is { } whole)
            {
                _months[(row.Video, whole.Month.Type, whole.Month.Month)] = new(whole.Month, NewVersion());
                foreach (var (day, _) in whole.Days)
                {
                    _days[(row.Video, day.Type, day.Day)] = new(day, NewVersion());
                    _changedDays[new(Shard.Of(row.Video), day.Day)] = NewVersion();
                }
            }

            Changed();
            return new(written);
        }
    }

    public virtual ValueTask<IReadOnlyList<Versioned<DayRow>>> FindDays(VideoId video, DayRows days, CancellationToken cancellationToken)
    {
        lock (_lock) return new((IReadOnlyList<Versioned<DayRow>>)[.. _days.Values.Where(day => day.Row.Video == video && days.Types.Contains(day.Row.Type) && days.First <= day.Row.Day && day.Row.Day <= days.Last)]);
    }

    public virtual ValueTask<IReadOnlyList<VideoId>> ReadChannel(Shard shard, string channelId, CancellationToken cancellationToken)
    {
        lock (_lock) return new((IReadOnlyList<VideoId>)[.. _owned.Where(one => one.ChannelId == channelId && Shard.Of(one.Video) == shard).Select(one => one.Video).OrderBy(video => video.Value, StringComparer.Ordinal)]);
    }

    public ValueTask<Correction?> ReadCorrection(VideoId video, string id, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_corrections.GetValueOrDefault((video, id)));
    }

    public virtual ValueTask<IReadOnlyList<Correction>> ReadCorrections(VideoId video, MinuteRange range, CancellationToken cancellationToken)
    {
        lock (_lock) return new((IReadOnlyList<Correction>)[.. _corrections.Values.Where(correction => correction.Video == video && range.Contains(correction.Minute))]);
    }

    public ValueTask<long> SumCorrections(Shard shard, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_corrections.Values.Where(correction => Shard.Of(correction.Video) == shard).Sum(correction => correction.Count));
    }

    public ValueTask<long> SumImported(Shard shard, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_videos.Values.Where(video => Shard.Of(video.Row.Video) == shard).Sum(video => video.Row.Imported?.Sum(one => one.Count) ?? 0));
    }

    public virtual ValueTask<Versioned<ShardRow>?> ReadShard(Shard shard, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_shards.GetValueOrDefault(shard));
    }

    public virtual ValueTask<RowVersion> WriteShard(Shard shard, ShardRow row, IReadOnlyList<TopList>? tops, RowVersion? version, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_shards.GetValueOrDefault(shard)?.Version != version) return ValueTask.FromException<RowVersion>(new StaleWriterException(shard.ToString()));
            var written = NewVersion();
            _shards[shard] = new(row, written);
            if (tops is not null) _tops[shard] = tops;
            Changed();
            return new(written);
        }
    }

    public ValueTask<IReadOnlyList<TopList>> ReadTops(Shard shard, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_tops.GetValueOrDefault(shard, []));
    }

    public ValueTask<LogRow?> ReadLog(CancellationToken cancellationToken)
    {
        lock (_lock) return new(_log);
    }

    public ValueTask<LogRow> AddLog(LogRow row, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_log ??= row);
    }

    public ValueTask AdvanceLog(LogRow row, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_log?.Era != row.Era - 1) return ValueTask.FromException(new StaleWriterException($"The log is of era {_log?.Era}."));
            _log = row;
            return ValueTask.CompletedTask;
        }
    }

    public ShardRow? CheckpointOf(Shard shard)
    {
        lock (_lock) return _shards.GetValueOrDefault(shard)?.Row;
    }

    /// <summary>What the rows say of a type of a video: all time, and every minute, open or settled.</summary>
    public (Cell Total, IReadOnlyDictionary<Minute, Cell> Minutes) Stored(VideoId video, EventType type)
    {
        lock (_lock)
        {
            if (_videos.GetValueOrDefault(video)?.Row is not { } row) return (Cell.Nothing, new Dictionary<Minute, Cell>());
            var open = row.Open.Where(hour => hour.Type == type).ToDictionary(hour => hour.Hour);
            var hours = SettledHours(video).Where(hour => hour.Type == type && !open.ContainsKey(hour.Hour)).Concat(open.Values);
            return (row.Totals.FirstOrDefault(total => total.Type == type).Total, hours.SelectMany(hour => hour.Cells.Select(cell => (hour.MinuteOf(cell), cell.Cell))).ToDictionary());
        }
    }

    /// <summary>Somebody changes rows by hand.</summary>
    /// <param name="video">The video.</param>
    /// <param name="change">What becomes of an hour, wherever it stands.</param>
    public void Damage(VideoId video, Func<HourCells, HourCells> change)
    {
        lock (_lock)
        {
            if (_videos.GetValueOrDefault(video) is { } stands) _videos[video] = new(stands.Row with { Open = [.. stands.Row.Open.Select(change)] }, NewVersion());
            foreach (var (key, day) in _days.Where(day => day.Key.Video == video).ToList()) _days[key] = new(day.Row with { Hours = [.. day.Row.Hours.Select(change)] }, NewVersion());
        }
    }

    /// <summary>Views of an open minute were counted that never were: everywhere.</summary>
    public void Miscount(VideoId video, Minute minute, long count)
    {
        lock (_lock)
        {
            var counting = new Orleans.Counter.Counting.Video(video, _videos[video].Row);
            counting.Add([new(new(_videos[video].Row.Position.Value + 1), EventType.View, minute, Cell.Plain(count - counting.At(EventType.View, minute).Count), 0)], []);
            _videos[video] = new(counting.Capture(minute.Start, Guid.NewGuid()).Row with { Position = _videos[video].Row.Position }, NewVersion());
        }
    }

    /// <summary>Somebody deletes a video's row by hand.</summary>
    public void Lose(VideoId video)
    {
        lock (_lock) _videos.Remove(video);
    }

    /// <summary>The hours of a video that day rows hold.</summary>
    public IReadOnlyList<HourCells> SettledHours(VideoId video)
    {
        lock (_lock) return [.. _days.Values.Where(day => day.Row.Video == video).SelectMany(day => day.Row.Hours).OrderBy(hour => hour.Hour)];
    }

    /// <summary>The days of a shard that were changed after they had been archived, in order.</summary>
    public IReadOnlyList<DateOnly> ChangedDays(Shard shard)
    {
        lock (_lock) return [.. _changedDays.Keys.Where(changed => changed.Shard == shard).Select(changed => changed.Day).Order()];
    }

    /// <summary>Waits until the rows are as the condition wants them.</summary>
    public async Task Until(Func<MemoryCountStore, bool> condition, TimeSpan? patience = null)
    {
        while (true)
        {
            Task changed;
            lock (_lock) changed = _changed.Task;
            if (condition(this)) return;
            await changed.WaitAsync(patience ?? TimeSpan.FromSeconds(30));
        }
    }

    private bool IsAsRead(VideoCommit commit, RowVersion? version)
    {
        var video = commit.Row.Video;
        return !(commit.Until < (clock ?? TimeProvider.System).GetUtcNow())
            && _videos.GetValueOrDefault(video)?.Version == version
            && (commit.Channel?.From is not { } from || _owned.Contains((from, video)))
            && (commit.Removed ?? []).All(day => _days.ContainsKey((video, day.Type, day.Day)))
            && (commit.Whole is not { } whole
                || (_months.GetValueOrDefault((video, whole.Month.Type, whole.Month.Month))?.Version == whole.MonthVersion
                    && whole.Days.All(day => _days.GetValueOrDefault((video, day.Row.Type, day.Row.Day))?.Version == day.Version)));
    }

    private void Settle((VideoId Video, EventType Type, DateOnly Day) key, IReadOnlyList<HourCells> settled)
    {
        var stands = _days.GetValueOrDefault(key)?.Row;
        var others = (stands?.Hours ?? []).Where(hour => settled.All(other => other.Hour != hour.Hour));
        _days[key] = new(
            new(key.Video, key.Type, key.Day, [.. others.Concat(settled).Where(hour => hour.Cells.Count > 0).OrderBy(hour => hour.Hour)], stands?.IsChanged ?? false), NewVersion());
    }

    private static RowVersion NewVersion() => new(Guid.NewGuid().ToString());

    private void Changed()
    {
        var changed = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }
}
