using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NodaTime;
using Orleans.Counter.Query;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>
/// Every answer equals a recount of what was counted, whatever of it is open, settled, archived, changed or retired, and while rollup goes on: one that does whatever it may, over 400 days, or in a sixth of the histories that of the service, over 90. A failure names its seed; COUNTER_SEED=n asks that history alone.
/// </summary>
public sealed class TiersTests(ITestOutputHelper output)
{
    private const int QuestionsEach = 4;

    private static readonly string[] Zones = [.. DateTimeZoneProviders.Tzdb.Ids];

    private static readonly int Histories = Environment.GetEnvironmentVariable("COUNTER_LONG") is "1" ? 100_000 : 600; // Each zone at least once.

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_answer_is_a_recount_whatever_has_been_rolled_up()
    {
        if (Environment.GetEnvironmentVariable("COUNTER_SEED") is { Length: > 0 } text)
        {
            await Ask(int.Parse(text, CultureInfo.InvariantCulture));
            return;
        }

        var asked = 0;
        await Parallel.ForEachAsync(Enumerable.Range(1, Histories), Cancelled, async (seed, _) => Interlocked.Add(ref asked, await Ask(seed)));
        output.WriteLine($"{asked} questions about {Histories} histories.");
    }

    private static async Task<int> Ask(int seed)
    {
        var random = new Random(seed);
        var name = Zones[seed % Zones.Length];
        var zone = DateTimeZoneProviders.Tzdb[name];
        var isRollupReal = seed % 6 == 0;
        using var history = new History(FirstDay(zone, random), days: isRollupReal ? 90 : 400, seed, isRollupReal);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var instruments = new QueryInstruments(services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>());
        using var cache = new PartCache(Options.Create(new QueryOptions { CacheMegabytes = random.Next(2) }));
        var tiers = new Tiers(history, history.Segments, new Watermarks(history, history.Clock, instruments), cache, instruments, history.Clock);
        var counts = new VideoCounts(null!, tiers); // The history says what the video would.

        for (var question = 1; question <= QuestionsEach; question++)
        {
            if (random.Next(2) == 0) history.Change();
            if (random.Next(2) == 0) history.GoOn();
            if (random.Next(2) == 0) history.Clock.Advance(TimeSpan.FromSeconds(6)); // What was known of the watermark is not believed any more.
            var range = AnyRange(history, zone, random);
            var (recent, video, type) = (history.Recent, VideoId.Parse("kittens"), EventType.View);
            var granules = AnyGranules(range, WallClock.Of(name)!, random);
            var said = $"seed {seed}, question {question}: {range.From} to {range.To} by {granules?.Granularity.Name ?? "whole"} in {name}";
            if (granules is null)
            {
                var sum = Recount(history, range).Aggregate(Cell.Nothing, (all, one) => all + one.Cell);
                Equal(sum.Count, await counts.Count(video, type, recent, range, Cancelled), said);
                Equal(sum, await counts.Sum(video, type, recent, range, Cancelled), said);
            }
            else
            {
                var expected = new SortedDictionary<long, Cell>();
                foreach (var (minute, cell) in Recount(history, range))
                {
                    var start = StartOf(zone, granules.Granularity, minute.Number);
                    expected[start] = expected.GetValueOrDefault(start) + cell;
                }

                var answer = new Points(granules, Fill: false).Of(await counts.Series(video, type, recent, granules, Cancelled));
                Equal(
                    string.Join("; ", expected.Select(point => Text(Local(zone, point.Key), point.Value.Count, point.Value.Sum, point.Value.Min, point.Value.Max))),
                    string.Join("; ", answer.Select(point => Text(point.Start, point.Count, point.Sum, point.Min!.Value, point.Max!.Value))), said);
            }
        }

        return QuestionsEach;
    }

    private static IEnumerable<(Minute Minute, Cell Cell)> Recount(History history, MinuteRange range) =>
        history.Truth.Where(minute => range.Contains(minute.Key)).Select(minute => (minute.Key, minute.Value));

    private static void Equal<T>(T expected, T answer, string said) => Assert.True(EqualityComparer<T>.Default.Equals(expected, answer), $"{said}:\nis {expected}\nand the answer was {answer}");

    /// <summary>Some day since 1970; often so that the clocks are put soon after it.</summary>
    private static DateOnly FirstDay(DateTimeZone zone, Random random)
    {
        var first = new DateOnly(1970, 2, 1).AddDays(random.Next(75 * 365));
        if (random.Next(2) == 0) return first;
        var from = NodaTime.Instant.FromUtc(1970, 2, 1, 0, 0);
        var put = zone.GetZoneIntervals(from, from + Duration.FromDays(75 * 365)).Skip(1).Select(interval => interval.Start).ToList();
        return put.Count == 0 ? first : DateOnly.FromDateTime(put[random.Next(put.Count)].ToDateTimeUtc()).AddDays(-random.Next(200)) is var before && before.Year >= 1970 ? before : first;
    }

    private static MinuteRange AnyRange(History history, DateTimeZone zone, Random random)
    {
        var first = history.First.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        while (true)
        {
            var from = Any();
            var to = random.Next(3) switch { 0 => Any(), 1 => from + random.Next(1, 3000), _ => from + (random.Next(1, 60) * Minute.PerDay) };
            if (from != to) return new(new((int)Math.Max(0, Math.Min(from, to))), new((int)Math.Max(1, Math.Max(from, to))));
        }

        long Any()
        {
            var minute = history.Truth.Count > 0 && random.Next(2) == 0
                ? history.Truth.Keys.ElementAt(random.Next(history.Truth.Count)).Number + random.Next(-20, 20)
                : ((long)first * Minute.PerDay) + random.Next(-3 * Minute.PerDay, (history.Days + 3) * Minute.PerDay);
            int[] steps = [1, 15, 60, Minute.PerDay, 0];
            return steps[random.Next(steps.Length)] is > 0 and var step ? minute / step * step : StartOf(zone, Granularity.Day, minute);
        }
    }

    /// <summary>Null: one number for the whole.</summary>
    private static Granules? AnyGranules(MinuteRange range, WallClock clock, Random random)
    {
        var granularity = random.Next(-1, Granularity.All.Count + 1);
        if (granularity < 0) return null;
        return granularity < Granularity.All.Count && new Granules(range, Granularity.All[granularity], clock) is { Fit: true } granules ? granules : Granules.Finest(range, clock);
    }

    /// <summary>Where the granule of a minute begins, as the library for time zones has it.</summary>
    private static long StartOf(DateTimeZone zone, Granularity granularity, long minute)
    {
        var at = Instant(minute);
        if (granularity == Granularity.Day) return Begun(StartOfDay(zone, DayOf(zone, at))!.Value);
        if (granularity == Granularity.Month)
        {
            var first = DayOf(zone, at);
            for (first = first.PlusDays(1 - first.Day); StartOfDay(zone, first) is null; first = first.PlusDays(1)) { }
            return Begun(StartOfDay(zone, first)!.Value);
        }

        var length = granularity == Granularity.Hour ? 60 : granularity == Granularity.Quarter ? 15 : 1;
        var ofHour = at.InZone(zone).Minute;
        if (zone.GetZoneInterval(at) == zone.GetZoneInterval(Instant(minute - (ofHour % length)))) return minute - (ofHour % length);
        while (Shown(minute).Minute % length != 0 && Shown(minute - 1).PlusMinutes(1) == Shown(minute)) minute--;
        return minute;

        LocalDateTime Shown(long some) => Instant(some).InZone(zone).LocalDateTime is var shown ? shown.PlusSeconds(-shown.Second) : default;
    }

    private static LocalDate DayOf(DateTimeZone zone, Instant at)
    {
        var date = at.InZone(zone).Date;
        return StartOfDay(zone, date.PlusDays(1)) <= at ? date.PlusDays(1) : date; // Clocks that went back over midnight.
    }

    private static Instant? StartOfDay(DateTimeZone zone, LocalDate date)
    {
        try
        {
            return zone.AtStartOfDay(date).ToInstant();
        }
        catch (SkippedTimeException)
        {
            return null; // A day that does not exist.
        }
    }

    private static Instant Instant(long minute) => NodaTime.Instant.FromUnixTimeSeconds(minute * 60);

    private static long Begun(Instant at) => (at + Duration.FromSeconds(59)).ToUnixTimeSeconds() / 60;

    private static DateTimeOffset Local(DateTimeZone zone, long minute) =>
        DateTimeOffset.FromUnixTimeSeconds(minute * 60).ToOffset(TimeSpan.FromMinutes(Math.Floor(zone.GetUtcOffset(Instant(minute)).Seconds / 60d)));

    private static string Text(DateTimeOffset start, long count, double sum, double min, double max) => string.Create(CultureInfo.InvariantCulture, $"{start:yyyy-MM-dd'T'HH:mmzzz} {count} {sum} {min} {max}");
}
