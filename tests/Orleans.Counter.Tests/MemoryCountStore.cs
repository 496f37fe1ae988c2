using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>The store's promises without Azure. A test derives from it to break one thing.</summary>
internal class MemoryCountStore : ICountStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<VideoId, Versioned<VideoRow>> _videos = [];
    private readonly Dictionary<(VideoId, EventType, int Hour), HourCells> _hours = [];
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

    public virtual ValueTask<IReadOnlyList<HourCells>> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var first = TableLayout.FirstHourOf(day);
            return new((IReadOnlyList<HourCells>)[.. Enumerable.Range(first, 24).Select(hour => _hours.GetValueOrDefault((video, type, hour))).OfType<HourCells>()]);
        }
    }

    public virtual ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var row = commit.Row;
            if (_videos.GetValueOrDefault(row.Video)?.Version != version) return ValueTask.FromException<RowVersion>(new StaleWriterException(row.Video.Value));
            var written = NewVersion();
            _videos[row.Video] = new(row, written);
            foreach (var hour in commit.Settled) _hours[(row.Video, hour.Type, hour.Hour)] = hour;
            if (commit.Channel?.From is { } from && !_owned.Remove((from, row.Video))) throw new StaleWriterException(from);
            if (commit.Channel?.To is { } to) _owned.Add((to, row.Video));
            if (commit.Correction is { } correction) _corrections.Add((row.Video, correction.Id), correction);
            foreach (var (type, day) in commit.Removed ?? [])
                foreach (var hour in _hours.Keys.Where(key => key.Item1 == row.Video && key.Item2 == type && TableLayout.DayOf(key.Hour) == day).ToList()) _hours.Remove(hour);
            Changed();
            return new(written);
        }
    }

    public ValueTask<IReadOnlyList<(EventType Type, DateOnly Day)>> FindDays(VideoId video, DayRows days, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var standing = _hours.Keys.Where(key => key.Item1 == video).Select(key => (Type: key.Item2, Day: TableLayout.DayOf(key.Hour))).Distinct();
            return new((IReadOnlyList<(EventType, DateOnly)>)[.. standing.Where(row => days.Types.Contains(row.Type) && days.First <= row.Day && row.Day <= days.Last)]);
        }
    }

    public virtual ValueTask<IReadOnlyList<VideoId>> ReadChannel(Shard shard, string channelId, CancellationToken cancellationToken)
    {
        lock (_lock) return new((IReadOnlyList<VideoId>)[.. _owned.Where(one => one.ChannelId == channelId && Shard.Of(one.Video) == shard).Select(one => one.Video).OrderBy(video => video.Value, StringComparer.Ordinal)]);
    }

    public ValueTask<Correction?> ReadCorrection(VideoId video, string id, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_corrections.GetValueOrDefault((video, id)));
    }

    public ValueTask<long> SumCorrections(Shard shard, CancellationToken cancellationToken)
    {
        lock (_lock) return new(_corrections.Values.Where(correction => Shard.Of(correction.Video) == shard).Sum(correction => correction.Count));
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
            var hours = _hours.Where(hour => hour.Key.Item1 == video && hour.Key.Item2 == type && !open.ContainsKey(hour.Key.Hour)).Select(hour => hour.Value).Concat(open.Values);
            return (row.Totals.FirstOrDefault(total => total.Type == type).Total, hours.SelectMany(hour => hour.Cells.Select(cell => (hour.MinuteOf(cell), cell.Cell))).ToDictionary());
        }
    }

    /// <summary>The hours of a video that day rows hold.</summary>
    public IReadOnlyList<HourCells> SettledHours(VideoId video)
    {
        lock (_lock) return [.. _hours.Where(hour => hour.Key.Item1 == video).Select(hour => hour.Value).OrderBy(hour => hour.Hour)];
    }

    /// <summary>Waits until the rows are as the condition wants them.</summary>
    public async Task Until(Func<MemoryCountStore, bool> condition)
    {
        while (true)
        {
            Task changed;
            lock (_lock) changed = _changed.Task;
            if (condition(this)) return;
            await changed.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    private static RowVersion NewVersion() => new(Guid.NewGuid().ToString());

    private void Changed()
    {
        var changed = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }
}
