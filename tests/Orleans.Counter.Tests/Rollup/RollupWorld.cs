using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Rollup;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Rollup;

/// <summary>A group with its videos, its rows, its segments, and a clock; and next to them a recount of everything that ever happened.</summary>
internal sealed class RollupWorld : ISettleVideos
{
    public static readonly Group Group = new(4);
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 6, 0, 0, TimeSpan.Zero);
    public static readonly EventType Like = EventType.Parse("like");

    /// <summary>Those of the group's shards that have videos.</summary>
    public static readonly Shard[] Shards = [.. Group.Shards.Skip(5).Take(3)];

    public static readonly VideoId[] Videos = [.. Segments.VideosOf(Group).Where(video => Shards.Contains(Shard.Of(video))).Take(12)];

    private const int Partitions = 1;

    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();

    private readonly LogIdentity _log = new();
    private readonly Dictionary<(VideoId Video, EventType Type, Minute Minute), Cell> _recount = [];
    private readonly LogEnds _ends;

    public RollupWorld(RollupOptions? options = null, MemorySegmentStore? segments = null)
    {
        Options = options ?? new();
        Cold = segments ?? new();
        Clock = new(Start);
        Store = new(Clock);
        Hub = new(Partitions, Clock);
        _ends = new(Hub, TimeProvider.System);
        Plan = new(TimeSpan.FromDays(7), Options);
        Instruments = new(Meters, Plan, Clock);
        _log.Is(LogRow.FromBeginning("memory", Start, Partitions, era: 0));
    }

    public RollupOptions Options { get; }

    public FakeTimeProvider Clock { get; }

    public MemoryCountStore Store { get; }

    public MemorySegmentStore Cold { get; }

    public MemoryHub Hub { get; }

    public RollupPlan Plan { get; }

    public RollupInstruments Instruments { get; }

    public DateOnly Today => DateOnly.FromDateTime(Clock.GetUtcNow().UtcDateTime);

    public GroupRow Row => Store.GroupOf(Group)!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A run; with steps, everything that it asks of its stores is one of them.</summary>
    public RollupRun NewRun(Steps? steps = null, ISettleVideos? videos = null)
    {
        var (rollups, counts, segments) = (Hooked<IRollupStore>(Store), Hooked<ICountStore>(Store), Hooked<ISegmentStore>(Cold));
        return new(Group, rollups, segments, new(Group, counts, _log, _ends, Plan), Plan, Options, _log, videos ?? this, Clock, Instruments);

        T Hooked<T>(T store) where T : class => steps?.Of(store) ?? store;
    }

    public async Task<RollupRun> Run()
    {
        var run = NewRun();
        await run.Go(Token);
        return run;
    }

    /// <summary>What a video would do if it were asked: all its hours are due.</summary>
    public async Task Settle(VideoId video, CancellationToken cancellationToken)
    {
        var (row, version) = (await Store.ReadVideo(video, cancellationToken))!;
        await Store.CommitVideo(new(row with { Open = [], Commit = Guid.NewGuid() }, row.Open), version, cancellationToken);
    }

    /// <summary>Counts something in a minute of a day; it stays open until somebody settles it.</summary>
    public async Task Count(VideoId video, EventType type, DateOnly day, int ofDay, Cell cell)
    {
        var minute = new Minute(Minute.Of(new(day, default, TimeSpan.Zero)).Number + ofDay);
        var stands = await Store.ReadVideo(video, Token);
        var row = stands?.Row ?? Rows.Of(video.Value, 1);
        var hour = row.Open.FirstOrDefault(one => one.Type == type && one.Hour == minute.Hour) ?? await Settled(video, type, minute.Hour);
        var cells = hour.Cells.ToDictionary(one => one.OfHour, one => one.Cell);
        cells[(byte)minute.OfHour] = cells.GetValueOrDefault((byte)minute.OfHour) + cell;
        var open = row.Open.Where(one => one.Type != type || one.Hour != minute.Hour).Append(hour with { Cells = [.. cells.OrderBy(one => one.Key).Select(one => new MinuteCell(one.Key, one.Value))] });
        await Store.CommitVideo(new(row with { Open = [.. open.OrderBy(one => one.Hour)], Commit = Guid.NewGuid() }, []), stands?.Version, Token);
        _recount[(video, type, minute)] = _recount.GetValueOrDefault((video, type, minute)) + cell;
    }

    /// <summary>Sets a minute of an old day, as a correction does: the whole day row, the month row and the note in one transaction. Nothing empties it.</summary>
    public async Task Set(VideoId video, EventType type, DateOnly day, int ofDay, Cell cell)
    {
        var minute = new Minute(Minute.Of(new(day, default, TimeSpan.Zero)).Number + ofDay);
        var month = await Store.ReadMonth(video, type, TableLayout.MonthOf(day), Token);
        var stands = await Store.ReadDay(video, type, day, Token);
        var hours = stands?.Row.Hours ?? await Cold.ReadDay(video, type, day, Token);
        var cells = hours.SelectMany(hour => hour.Cells.Select(one => (Minute: hour.MinuteOf(one), one.Cell))).Where(one => one.Minute != minute).Append((minute, cell)).Where(one => one.Item2.Count > 0).OrderBy(one => one.Item1);
        HourCells[] whole = [.. cells.GroupBy(one => one.Item1.Hour).Select(hour => new HourCells(type, hour.Key, [.. hour.Select(one => new MinuteCell((byte)one.Item1.OfHour, one.Item2))]))];
        var row = await Store.ReadVideo(video, Token);
        var months = (month?.Row ?? new(video, type, TableLayout.MonthOf(day), new Dictionary<int, IReadOnlyList<QuarterCell>>())).With(day, QuarterCell.Of(whole));
        await Store.CommitVideo(new((row?.Row ?? Rows.Of(video.Value, 1)) with { Commit = Guid.NewGuid() }, [], Whole: new(months, month?.Version, [(new(video, type, day, whole, IsChanged: true), stands?.Version)])), row?.Version, Token);
        if (cell.Count > 0) _recount[(video, type, minute)] = cell;
        else _recount.Remove((video, type, minute));
    }

    /// <summary>All shards have stored everything that the hub took until now.</summary>
    public async Task Checkpoint(Func<Shard, bool>? which = null)
    {
        foreach (var shard in Group.Shards.Where(which ?? (_ => true)))
        {
            var stands = await Store.ReadShard(shard, Token);
            await Store.WriteShard(shard, new(Position.Of(0, Hub.Log("0").Count - 1), Clock.GetUtcNow(), 0, default), null, stands?.Version, Token);
        }
    }

    /// <summary>A message for somebody of the partition.</summary>
    public void Append() => Hub.Append("0", Events.Frame(new Event(Videos[0], Clock.GetUtcNow())).Data());

    /// <summary>Every minute, and every quarter of an hour, is what was counted: read as readers do, wherever rollup is.</summary>
    public async Task IsExact()
    {
        var group = Store.GroupOf(Group);
        var counted = _recount.GroupBy(one => (one.Key.Video, one.Key.Type, Day: TableLayout.DayOf(one.Key.Minute.Hour))).ToDictionary(day => day.Key, day => day.ToDictionary(one => one.Key.Minute, one => one.Value));
        foreach (var key in counted.Keys.Concat(Store.Days.Select(day => (day.Video, day.Type, day.Day))).ToHashSet())
        {
            var expected = counted.GetValueOrDefault(key, []);
            var minutes = await Minutes(key.Video, key.Type, key.Day, group);
            Assert.Equal(expected.OrderBy(one => one.Key).Select(one => $"{one.Key} {one.Value}"), minutes.Select(one => $"{one.Minute} {one.Cell}"));
            if (key.Day > group?.ArchivedThrough || group is null) continue;
            var quarters = (await Store.ReadMonth(key.Video, key.Type, TableLayout.MonthOf(key.Day), Token))?.Row.Days.GetValueOrDefault(key.Day.Day, []) ?? [];
            Assert.Equal(expected.Values.Sum(cell => cell.Count), quarters.Sum(quarter => quarter.Cell.Count));
            Assert.Equal(expected.GroupBy(one => one.Key.Number % Minute.PerDay / 15).OrderBy(one => one.Key).Select(one => (one.Key, one.Sum(cell => cell.Value.Count))), quarters.Select(quarter => ((int)quarter.OfDay, quarter.Cell.Count)));
        }
    }

    /// <summary>Nothing is left to do: no note, no row that is not in the archive, and no row of a retired day.</summary>
    public void IsTidy()
    {
        Assert.All(Group.Shards, shard => Assert.Empty(Store.ChangedDays(shard)));
        Assert.DoesNotContain(Store.Days, day => day.IsChanged || day.Day <= Row.RetiredThrough);
    }

    /// <summary>Everything that is stored, but for how often and when it was written.</summary>
    public async Task<string> Stands()
    {
        List<string> all = [$"{Row}"];
        foreach (var segment in Cold.Segments)
        {
            all.Add($"{segment.Id} {segment.Rows} {segment.Count} {Cold.TierOf(segment.Id)}");
            await foreach (var day in Cold.Read(segment, Token)) all.Add(day.Text());
        }

        all.AddRange(Store.Days.Select(day => $"{day.Video} {day.Type} {day.Day} {day.IsChanged} {string.Join(' ', day.Hours.Select(Gens.Text))}").Order(StringComparer.Ordinal));
        all.AddRange(Store.Months.SelectMany(month => month.Days.Where(day => day.Value.Count > 0).Select(day => $"{month.Video} {month.Type} {month.Month} {day.Key} {string.Join(' ', day.Value)}")).Order(StringComparer.Ordinal));
        all.AddRange((await Store.ReadManifest(Group, DateOnly.MinValue, DateOnly.MaxValue, Token)).Select(day => $"{day.Day} {day.Rows} {day.Count} {day.Bytes} {day.RetiredAt is not null}"));
        all.AddRange(Group.Shards.SelectMany(shard => Store.ChangedDays(shard).Select(day => $"{shard} {day}")));
        return string.Join('\n', all);
    }

    private async Task<IEnumerable<(Minute Minute, Cell Cell)>> Minutes(VideoId video, EventType type, DateOnly day, GroupRow? group)
    {
        var open = (await Store.ReadVideo(video, Token))?.Row.Open.Where(hour => hour.Type == type && TableLayout.DayOf(hour.Hour) == day).ToList() ?? [];
        var row = await Store.ReadDay(video, type, day, Token);
        var settled = row?.Row.Hours ?? (day <= group?.RetiredThrough ? await Cold.ReadDay(video, type, day, Token) : []);
        return settled.Where(hour => open.All(one => one.Hour != hour.Hour)).Concat(open).OrderBy(hour => hour.Hour).SelectMany(hour => hour.Cells.Select(cell => (hour.MinuteOf(cell), cell.Cell)));
    }

    private async Task<HourCells> Settled(VideoId video, EventType type, int hour) =>
        (await Store.ReadDay(video, type, TableLayout.DayOf(hour), Token))?.Row.Hours.FirstOrDefault(one => one.Hour == hour) ?? new(type, hour, []);
}
