using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Counting;
using Orleans.Counter.Query;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>What an answer reads, request by request.</summary>
public sealed class ReadCostTests : IDisposable
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly DateOnly First = new(2025, 1, 1);

    private readonly FakeTimeProvider _clock = new(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly NotesReads _reads = new();
    private readonly ServiceProvider _services;
    private readonly Tiers _tiers;
    private long _revision = 1;

    public ReadCostTests()
    {
        _services = new ServiceCollection()
            .AddMetrics().AddOptions().AddSingleton<QueryInstruments>().AddSingleton<Watermarks>().AddSingleton<PartCache>().AddSingleton<Tiers>()
            .AddSingleton<ICountStore>(_reads).AddSingleton<IRollupStore>(_reads).AddSingleton(_reads.Cold).AddSingleton<TimeProvider>(_clock).BuildServiceProvider();
        _tiers = _services.GetRequiredService<Tiers>();
        _reads.WriteGroup(Group.Of(Kittens), new(First, ArchivedThrough: new(2026, 2, 20), RetiredThrough: new(2026, 1, 29)), null, [], default).AsTask().GetAwaiter().GetResult();
    }

    [Fact]
    public async Task A_year_by_day_reads_a_row_for_each_month_and_the_second_time_nothing()
    {
        Assert.Equal("1 group, 12 month", await Read("2025-01-01T00:00Z", "2026-01-01T00:00Z", Granularity.Day));
        Assert.Equal("", await Read("2025-01-01T00:00Z", "2026-01-01T00:00Z", Granularity.Day));
    }

    [Fact]
    public async Task A_year_of_a_time_zone_touches_one_more_month() =>
        Assert.Equal("1 group, 13 month", await Read("2024-12-31T23:00Z", "2025-12-31T23:00Z", Granularity.Day, "Europe/Berlin"));

    [Fact]
    public async Task A_number_for_a_year_reads_the_same_and_minutes_only_of_days_that_it_cuts()
    {
        Assert.Equal("1 group, 12 month", await Read("2025-01-01T00:00Z", "2026-01-01T00:00Z", Granularity.Whole));
        Assert.Equal("2 day, 2 month, 2 segment", await Read("2025-01-01T00:07Z", "2026-01-02T00:08Z", Granularity.Whole));
    }

    [Fact]
    public async Task What_has_changed_is_read_again()
    {
        await Read("2025-01-01T00:00Z", "2025-03-01T00:00Z", Granularity.Day);
        _revision++;
        Assert.Equal("2 month", await Read("2025-01-01T00:00Z", "2025-03-01T00:00Z", Granularity.Day));
    }

    [Fact]
    public async Task A_year_until_now_reads_rows_of_the_days_that_are_not_archived_and_keeps_the_rest()
    {
        Assert.Equal("8 day, 2 group, 12 month", await Read("2025-03-01T00:00Z", "2026-03-01T00:00Z", Granularity.Day)); // Days without a row might have been deleted: the group says that they were not.
        Assert.Equal("8 day, 1 group", await Read("2025-03-01T00:00Z", "2026-03-01T00:00Z", Granularity.Day));
    }

    [Fact]
    public async Task Young_days_without_a_row_are_empty_and_nobody_is_asked() =>
        Assert.Equal("2 day, 1 group", await Read("2026-02-27T00:00Z", "2026-03-01T00:00Z", Granularity.Minute));

    [Fact]
    public async Task A_retired_day_by_minute_reads_its_row_and_its_segment_once()
    {
        Assert.Equal("1 day, 1 group, 1 segment", await Read("2025-06-01T00:00Z", "2025-06-02T00:00Z", Granularity.Minute));
        Assert.Equal("", await Read("2025-06-01T00:00Z", "2025-06-02T00:00Z", Granularity.Minute));
    }

    [Fact]
    public async Task Hours_that_are_open_are_not_looked_up() =>
        Assert.Equal("1 group", await Read("2026-03-01T10:00Z", "2026-03-01T12:00Z", Granularity.Minute, open: [10, 11]));

    [Fact]
    public async Task What_is_before_the_first_event_or_after_the_last_is_not_looked_up() =>
        Assert.Equal("", await Read("2020-01-01T00:00Z", "2021-01-01T00:00Z", Granularity.Day));

    public void Dispose() => _services.Dispose();

    private async Task<string> Read(string from, string to, Granularity granularity, string timeZone = "UTC", IReadOnlyList<int>? open = null)
    {
        _reads.Noted.Clear();
        var hour = Minute.Of(_clock.GetUtcNow()).Hour;
        var recent = new Recent(
            default, Cell.Plain(7), [.. (open ?? []).Select(ofDay => new HourCells(EventType.View, hour - 12 + ofDay, [new(0, Cell.Plain(1))]))], SettledThrough: hour,
            At("2024-12-31T00:00Z"), Minute.Of(_clock.GetUtcNow()), _revision);
        await _tiers.Read(Kittens, EventType.View, recent, new(new(At(from), At(to)), granularity, WallClock.Of(timeZone)!), TestContext.Current.CancellationToken);
        return string.Join(", ", _reads.Noted.CountBy(read => read).OrderBy(read => read.Key, StringComparer.Ordinal).Select(read => $"{read.Value} {read.Key}"));
    }

    private static Minute At(string text) => Minute.Of(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture));

    private sealed class NotesReads : MemoryCountStore
    {
        public NotesReads() => Cold = new Segments(this);

        public List<string> Noted { get; } = [];

        public ISegmentStore Cold { get; }

        public override ValueTask<Versioned<DayRow>?> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
        {
            Noted.Add("day");
            return base.ReadDay(video, type, day, cancellationToken);
        }

        public override ValueTask<Versioned<MonthRow>?> ReadMonth(VideoId video, EventType type, DateOnly month, CancellationToken cancellationToken)
        {
            Noted.Add("month");
            return base.ReadMonth(video, type, month, cancellationToken);
        }

        public override ValueTask<Versioned<GroupRow>?> ReadGroup(Group group, CancellationToken cancellationToken)
        {
            Noted.Add("group");
            return base.ReadGroup(group, cancellationToken);
        }

        private sealed class Segments(NotesReads reads) : MemorySegmentStore
        {
            public override ValueTask<IReadOnlyList<HourCells>> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
            {
                reads.Noted.Add("segment");
                return base.ReadDay(video, type, day, cancellationToken);
            }
        }
    }
}
