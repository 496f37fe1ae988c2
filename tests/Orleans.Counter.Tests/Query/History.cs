using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Counting;
using Orleans.Counter.Rollup;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Rollup;

namespace Orleans.Counter.Tests.Query;

/// <summary>Many days of one video, in any state that they may legally have: hours that are open, settled or opened again; days that are archived, changed after it, retired, or on their way there; and a rollup that may go on between two reads.</summary>
/// <remarks>
/// What was counted is known beside all that: <see cref="Truth"/>. It changes only when a test says so. Rollup is what it may be, one write at a time (<see cref="AnyRollup"/>); or that of the service, which waits before each of its steps.
/// </remarks>
internal sealed class History : MemoryCountStore, ISettleVideos, IDisposable
{
    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    private static readonly VideoId Video = VideoId.Parse("kittens");
    private static readonly EventType Type = EventType.View;
    private static readonly Shard Home = Shard.Of(Video);

    private readonly Random _random;
    private readonly TimeSpan _window;
    private readonly TimeSpan _retention;
    private readonly SortedDictionary<Minute, Cell> _truth = [];
    private readonly HashSet<int> _open = [];
    private readonly MemorySegmentStore _segments;
    private readonly IEnumerator<string> _rollup;
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly SemaphoreSlim _go = new(0);
    private RowVersion? _version;
    private int? _settledThrough;
    private (Minute First, Minute Last)? _reach;
    private long _revision;
    private bool _isBusy, _isOver;
    private volatile bool _hasEnded;

    public History(DateOnly first, int days, int seed, bool isRollupReal)
    {
        _random = new(seed);
        (First, Days) = (first, days);
        _window = _random.Next(2) == 0 ? TimeSpan.FromDays(7) : TimeSpan.FromHours(1);
        _retention = _window + TimeSpan.FromDays(3 + _random.Next(30));
        Clock = new(EndOf(first.AddDays(_random.Next(5, days))) + TimeSpan.FromMinutes(_random.Next(1440)));
        _segments = new Cold(this);
        Fill();
        _rollup = (isRollupReal ? RealRollup() : AnyRollup()).GetEnumerator();
        Advance(_random.Next(3) switch { 0 => _random.Next(30), 1 => _random.Next(3000), _ => 10_000 });
    }

    public DateOnly First { get; }

    public new int Days { get; }

    public FakeTimeProvider Clock { get; }

    public ISegmentStore Segments => _segments;

    /// <summary>What was counted, by minute.</summary>
    public IReadOnlyDictionary<Minute, Cell> Truth => _truth;

    /// <summary>What the video answers.</summary>
    public Recent Recent => new(
        default, _truth.Values.Aggregate(Cell.Nothing, (sum, cell) => sum + cell), [.. _open.Order().Select(HourOf)], _settledThrough, _reach?.First, _reach?.Last, _revision);

    /// <summary>Rollup goes on, for a while.</summary>
    public void GoOn() => Advance(_random.Next(3000));

    /// <summary>Something else than the log changes what was counted, somewhere.</summary>
    public void Change()
    {
        _revision++;
        if (_random.Next(12) == 0) Remove();
        else Set(_truth.Count > 0 && _random.Next(2) == 0 ? _truth.Keys.ElementAt(_random.Next(_truth.Count)) : AnyMinute(), _random.Next(3) == 0 ? Cell.Nothing : AnyCell());
    }

    /// <summary>All hours are long due.</summary>
    public Task Settle(VideoId video, CancellationToken cancellationToken)
    {
        SettleThrough(DateOnly.FromDateTime(Clock.GetUtcNow().UtcDateTime));
        return Task.CompletedTask;
    }

    /// <summary>Ends a rollup that is under way.</summary>
    public void Dispose()
    {
        _isOver = true;
        _go.Release();
    }

    public override ValueTask<Versioned<DayRow>?> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
    {
        Between();
        return base.ReadDay(video, type, day, cancellationToken);
    }

    public override ValueTask<Versioned<MonthRow>?> ReadMonth(VideoId video, EventType type, DateOnly month, CancellationToken cancellationToken)
    {
        Between();
        return base.ReadMonth(video, type, month, cancellationToken);
    }

    public override ValueTask<Versioned<GroupRow>?> ReadGroup(Group group, CancellationToken cancellationToken)
    {
        Between();
        return base.ReadGroup(group, cancellationToken);
    }

    private static T Now<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    private static void Now(ValueTask task) => task.AsTask().GetAwaiter().GetResult();

    private static DateTimeOffset EndOf(DateOnly day) => new(day.AddDays(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);

    private static DateOnly DayOf(Minute minute) => TableLayout.DayOf(minute.Hour);

    private Cell AnyCell() => _random.Next(2) == 0 ? Cell.Plain(_random.Next(1, 100)) : Cell.One(_random.Next(-50, 50)) + Cell.One(_random.Next(-50, 50));

    private Minute AnyMinute()
    {
        var first = TableLayout.FirstHourOf(First) * Minute.PerHour;
        return new(_random.Next(first, Minute.Of(Clock.GetUtcNow()).Number));
    }

    private HourCells HourOf(int hour) => new(Type, hour, [.. Enumerable.Range(hour * Minute.PerHour, Minute.PerHour).Select(number => new Minute(number))
        .Where(_truth.ContainsKey).Select(minute => new MinuteCell((byte)minute.OfHour, _truth[minute]))]);

    private IReadOnlyList<HourCells> HoursOf(DateOnly day) => [.. Enumerable.Range(TableLayout.FirstHourOf(day), 24).Select(HourOf).Where(hour => hour.Cells.Count > 0)];

    /// <summary>What was counted from the log: some of it settled, some open, some opened again.</summary>
    private void Fill()
    {
        for (var i = _random.Next(200); i > 0; i--) Count(AnyMinute());
        for (var dense = _random.Next(4); dense > 0; dense--)
            for (var (minute, left) = (AnyMinute(), _random.Next(200)); left > 0; left--, minute = new(minute.Number + _random.Next(1, 4))) Count(minute);

        List<HourCells> settled = [];
        foreach (var hour in _truth.Keys.Select(minute => minute.Hour).Distinct())
        {
            var isOpen = _random.Next(8) == 0;
            if (isOpen) _open.Add(hour);
            if (!isOpen) settled.Add(HourOf(hour));
            else if (_random.Next(2) == 0) settled.Add(new(Type, hour, [.. HourOf(hour).Cells.Take(1).Select(cell => cell with { Cell = Cell.Plain(12_345) })])); // As it settled before.
        }

        Commit(settled);

        void Count(Minute minute)
        {
            if (minute.Start > Clock.GetUtcNow()) return;
            _truth[minute] = _truth.GetValueOrDefault(minute) + AnyCell();
            Reach(minute);
        }
    }

    private void Reach(Minute minute) =>
        _reach = _reach is var (first, last) ? (first < minute ? first : minute, last > minute ? last : minute) : (minute, minute);

    private void Commit(IReadOnlyList<HourCells> settled, Func<VideoCommit, VideoCommit>? also = null)
    {
        foreach (var hour in settled) _settledThrough = Math.Max(_settledThrough ?? hour.Hour, hour.Hour);
        var commit = new VideoCommit(new(Video, default, Guid.NewGuid(), [], [.. _open.Order().Select(HourOf)], _settledThrough, 0, _reach?.First, _reach?.Last), settled);
        _version = Now(CommitVideo(also?.Invoke(commit) ?? commit, _version, default));
    }

    private void Set(Minute minute, Cell cell)
    {
        if (cell.Count == 0) _truth.Remove(minute);
        else _truth[minute] = cell;
        Reach(minute);
        var day = DayOf(minute);
        if (EndOf(day) <= Clock.GetUtcNow() - _window - TimeSpan.FromHours(1) && !_open.Any(hour => TableLayout.DayOf(hour) == day)) SetWhole(day, minute.Hour);
        else if (_open.Add(minute.Hour)) Commit([]);
    }

    private void SettleThrough(DateOnly day) => Commit([.. _open.Where(hour => TableLayout.DayOf(hour) <= day).Order().ToList().Where(_open.Remove).Select(HourOf)]);

    private void SetWhole(DateOnly day, int? hour)
    {
        _settledThrough = hour is { } settled && !(_settledThrough >= settled) ? settled : _settledThrough;
        var month = Now(base.ReadMonth(Video, Type, TableLayout.MonthOf(day), default));
        var row = Now(base.ReadDay(Video, Type, day, default));
        var hours = HoursOf(day);
        var with = (month?.Row ?? new(Video, Type, TableLayout.MonthOf(day), new Dictionary<int, IReadOnlyList<QuarterCell>>())).With(day, QuarterCell.Of(hours));
        Commit([], commit => commit with { Whole = new(with, month?.Version, [(new(Video, Type, day, hours, IsChanged: true), row?.Version)]) });
    }

    private void Remove()
    {
        _truth.Clear();
        _open.Clear();
        (_reach, _settledThrough) = (null, null);
        for (var day = First; EndOf(day) <= Clock.GetUtcNow() + TimeSpan.FromDays(1); day = day.AddDays(1))
        {
            var stands = Now(base.ReadDay(Video, Type, day, default)) is not null;
            var isKnown = Now(base.ReadMonth(Video, Type, TableLayout.MonthOf(day), default)) is { Row.Days: var days } && days.ContainsKey(day.Day);
            if (EndOf(day) > Clock.GetUtcNow() - _window - TimeSpan.FromHours(1))
                Commit([], commit => commit with { Removed = stands ? [(Type, day)] : null });
            else if (stands || isKnown)
                SetWhole(day, null);
        }
    }

    /// <summary>Where a reader waits, rollup may go on.</summary>
    private void Between()
    {
        if (_isBusy || _random.Next(3) > 0) return;
        Advance(_random.Next(10) == 0 ? _random.Next(3000) : _random.Next(8));
    }

    private void Advance(int steps)
    {
        _isBusy = true;
        for (var i = 0; i < steps && _rollup.MoveNext(); i++) { }
        _isBusy = false;
    }

    /// <summary>The rollup of the service, again and again.</summary>
    private IEnumerable<string> RealRollup()
    {
        var (options, log) = (new RollupOptions { HotRetention = _retention }, new LogIdentity());
        log.Is(LogRow.FromBeginning("memory", Clock.GetUtcNow(), 1, era: 0));
        foreach (var shard in Group.Of(Home).Shards) Now(WriteShard(shard, new(Position.Start, Clock.GetUtcNow(), 0, default), null, null, default));
        var plan = new RollupPlan(_window, options);
        var steps = new Steps { Before = _ => Wait() };
        var (rollups, counts, segments) = (steps.Of<IRollupStore>(this), steps.Of<ICountStore>(this), steps.Of<ISegmentStore>(_segments));
        while (true)
        {
            var run = new RollupRun(
                Group.Of(Home), rollups, segments, new(Group.Of(Home), counts, log, new(new MemoryHub(1, Clock), Clock), plan), plan, options, log, this, Clock, new(Meters, plan, Clock));
            _hasEnded = false;
            var going = Task.Factory.StartNew(
                () =>
                {
                    try
                    {
                        run.Go(default).GetAwaiter().GetResult(); // Stores in memory make nobody wait, but for the one who waits below.
                    }
                    finally
                    {
                        _hasEnded = true;
                        _arrived.Release();
                    }
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            for (_arrived.Wait(); !_hasEnded; _arrived.Wait())
            {
                yield return "a step";
                _go.Release();
            }

            going.GetAwaiter().GetResult();
            yield return "the end of a run";
        }

        void Wait()
        {
            _arrived.Release();
            _go.Wait();
            if (_isOver) throw new Killed();
        }
    }

    /// <summary>Rollup as it is allowed to be, one write at a time. It never ends: what is changed later is archived, too.</summary>
    private IEnumerable<string> AnyRollup()
    {
        var (archived, retired) = (First.AddDays(-1), First.AddDays(-1));
        var lag = _random.Next(3) == 0 ? 0 : _random.Next(60);
        while (true)
        {
            if (EndOf(archived.AddDays(1)) + _window + TimeSpan.FromDays(1) <= Clock.GetUtcNow())
            {
                var day = archived.AddDays(1);
                SettleThrough(day);
                yield return "settled";
                foreach (var row in Now(ReadDays(Home, day, default)))
                {
                    var month = Now(base.ReadMonth(Video, Type, TableLayout.MonthOf(day), default));
                    var with = (month?.Row ?? new(Video, Type, TableLayout.MonthOf(day), new Dictionary<int, IReadOnlyList<QuarterCell>>())).With(day, QuarterCell.Of(row.Row.Hours));
                    Now(WriteMonths(Home, [(with, month?.Version)], default));
                    yield return "month rows";
                }

                if (Now(ReadDays(Home, day, default)) is { Count: > 0 } rows)
                {
                    Archive(day, rows);
                    yield return "segment";
                }

                Mark(archived = day, retired);
                yield return "archived";
            }

            foreach (var changed in Now(ReadChanged(Home, default)).Where(changed => changed.Row.Day <= archived))
            {
                foreach (var step in Catch(changed, retired)) yield return step;
            }

            if (retired.AddDays(lag) < archived && EndOf(retired.AddDays(1)) + _retention <= Clock.GetUtcNow() && !Now(ReadDays(Home, retired.AddDays(1), default)).Any(row => row.Row.IsChanged))
            {
                Mark(archived, retired = retired.AddDays(1));
                yield return "retired";
                if (Now(ReadDays(Home, retired, default)).Where(row => !row.Row.IsChanged).ToList() is { Count: > 0 } rows)
                {
                    Now(DeleteDays(Home, rows, default));
                    yield return "deleted";
                }
            }

            yield return "nothing";
        }
    }

    /// <summary>A day that was changed after it was archived.</summary>
    private IEnumerable<string> Catch(Versioned<ChangedDay> changed, DateOnly retired)
    {
        var rows = Now(ReadDays(Home, changed.Row.Day, default)).Where(row => row.Row.IsChanged).ToList();
        Archive(changed.Row.Day, rows);
        yield return "segment again";
        if (rows.Any(row => Now(base.ReadDay(Video, Type, row.Row.Day, default))?.Version != row.Version)) yield break; // It has changed again: anew.
        if (changed.Row.Day <= retired) Now(DeleteDays(Home, rows, default));
        else Now(MarkArchived(Home, rows, default));
        yield return "caught up";
        Now(DeleteChanged(Home, [changed], default));
        yield return "forgotten";
    }

    private void Archive(DateOnly day, IReadOnlyList<Versioned<DayRow>> rows)
    {
        var id = new SegmentId(day, Group.Of(Home));
        Now(Segments.Write(id, rows.Where(row => row.Row.Hours.Count > 0).Select(row => new SegmentDay(row.Row.Video, row.Row.Type, row.Row.Hours)), Now(Segments.Find(id, default)), default));
    }

    private void Mark(DateOnly archived, DateOnly retired)
    {
        var stands = Now(base.ReadGroup(Group.Of(Home), default));
        Now(WriteGroup(Group.Of(Home), new(First, archived, retired), stands?.Version, [], default));
    }

    private sealed class Cold(History history) : MemorySegmentStore
    {
        public override ValueTask<IReadOnlyList<HourCells>> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
        {
            history.Between();
            return base.ReadDay(video, type, day, cancellationToken);
        }
    }
}
