using System.Globalization;
using CsCheck;
using NodaTime;
using Orleans.Counter.Query;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>Granules of all time zones, compared with what the clocks show minute by minute.</summary>
public sealed class WallClockTests
{
    private static readonly string[] Zones = [.. DateTimeZoneProviders.Tzdb.Ids];

    /// <summary>Where clocks were put by a whole day, by half an hour, over midnight, or at a minute past it; or kept offsets that are no quarter hours.</summary>
    private static readonly string[] Strange =
    [
        "Africa/Monrovia", "America/Goose_Bay", "America/Moncton", "America/St_Johns", "Antarctica/Casey", "Asia/Gaza", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati",
        "Pacific/Kwajalein",
    ];

    private static readonly Gen<(WallClock Clock, Minute Minute)> Any =
        Gen.Select(Gen.OneOf(Zones), Gen.Int[0, 70_000_000]).Select((zone, minute) => (WallClock.Of(zone)!, new Minute(minute)));

    /// <summary>A zone, and a minute in which its clocks were put, if they ever were.</summary>
    private static readonly Gen<(string Zone, long Minute)> Put =
        Gen.Select(Gen.Bool, Gen.OneOf(Zones), Gen.OneOf(Strange), Gen.Double[0, 1]).Select((isStrange, usual, strange, which) =>
        {
            var zone = isStrange ? strange : usual;
            var put = DateTimeZoneProviders.Tzdb[zone].GetZoneIntervals(NodaTime.Instant.FromUtc(1970, 1, 3, 0, 0), NodaTime.Instant.FromUtc(2045, 1, 1, 0, 0)).Skip(1).Select(interval => interval.Start.ToUnixTimeSeconds() / 60).ToList();
            return (zone, put.Count == 0 ? 20_000_000L : put[(int)(which * (put.Count - 1))]);
        });

    [Fact]
    public void Granules_lie_end_to_end_and_each_minute_is_in_one_of_them() =>
        Gen.Select(Gen.OneOf([.. Granularity.All]), Any, Gen.Double[0, 1]).Sample((granularity, at, inside) =>
        {
            var granule = granularity.Granule(at.Clock, at.Minute);

            Assert.True(granule.Contains(at.Minute));
            Assert.Equal(granule.To, granularity.Granule(at.Clock, granule.To).From);
            Assert.Equal(granule.From, granularity.Granule(at.Clock, new(granule.From.Number - 1)).To);
            Assert.Equal(granule, granularity.Granule(at.Clock, new(granule.From.Number + (int)(inside * (granule.Length - 1)))));
        });

    [Fact]
    public void Minutes_quarters_and_hours_end_where_those_of_the_clocks_do_or_where_the_clocks_are_put() =>
        Gen.Select(Put, Gen.OneOf((Granularity.Minute, 1), (Granularity.Quarter, 15), (Granularity.Hour, 60))).Sample((put, part) =>
        {
            var (granularity, length) = part;
            var (clock, zone) = (WallClock.Of(put.Zone)!, DateTimeZoneProviders.Tzdb[put.Zone]);
            for (var minute = put.Minute - 200; minute < put.Minute + 200; minute++)
            {
                var (before, shown) = (Shown(zone, minute - 1), Shown(zone, minute));
                var begins = shown.Minute % length == 0 || Period.Between(before, shown, PeriodUnits.Minutes).Minutes != 1;
                Assert.Equal(begins, granularity.Granule(clock, new((int)minute)).From.Number == minute);
            }
        });

    [Fact]
    public void A_day_begins_with_the_first_minute_that_shows_its_date_and_a_month_with_the_first_day_of_it() =>
        Put.Sample(put =>
        {
            var (clock, zone) = (WallClock.Of(put.Zone)!, DateTimeZoneProviders.Tzdb[put.Zone]);
            var latest = LocalDate.MinIsoValue;
            for (var minute = put.Minute - 2900; minute < put.Minute + 1500; minute++)
            {
                var (before, shown) = (latest, Shown(zone, minute).Date);
                latest = LocalDate.Max(latest, shown);
                if (minute < put.Minute - 1450) continue; // Two days before, no date can be seen again.
                Assert.Equal(latest > before, Granularity.Day.Granule(clock, new((int)minute)).From.Number == minute);
                Assert.Equal(latest.Month != before.Month, Granularity.Month.Granule(clock, new((int)minute)).From.Number == minute);
            }
        }, iter: 50);

    [Theory]
    [InlineData("UTC", "2026-03-29T12:00Z", 24)]
    [InlineData("Europe/Berlin", "2026-03-29T12:00Z", 23)]
    [InlineData("Europe/Berlin", "2026-10-25T12:00Z", 25)]
    [InlineData("Asia/Kathmandu", "2026-10-25T12:00Z", 24)]
    [InlineData("Australia/Lord_Howe", "2026-10-03T18:00Z", 23.5)]
    [InlineData("Australia/Lord_Howe", "2026-04-04T18:00Z", 24.5)]
    [InlineData("America/St_Johns", "1987-10-25T12:00Z", 25)] // At 00:01 the clocks went back to 23:01 of the day before.
    [InlineData("America/St_Johns", "1987-10-25T03:00Z", 25)]
    [InlineData("Pacific/Apia", "2011-12-30T09:59Z", 24)]
    [InlineData("Pacific/Apia", "2011-12-30T10:00Z", 24)]
    public void A_day_is_as_long_as_it_is_there(string zone, string within, double hours) =>
        Assert.Equal(hours * 60, WallClock.Of(zone)!.Day(At(within)).Length);

    [Fact]
    public void A_day_that_does_not_exist_has_no_granule()
    {
        var samoa = WallClock.Of("Pacific/Apia")!;
        var before = samoa.Day(At("2011-12-30T09:59Z"));
        var after = samoa.Day(before.To);

        Assert.Equal("2011-12-29T00:00-10:00", Local(samoa, before.From));
        Assert.Equal("2011-12-31T00:00+14:00", Local(samoa, after.From));
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-10-24T23:30Z", "01:00+02:00 60, 02:00+02:00 60, 02:00+01:00 60, 03:00+01:00 60")]
    [InlineData("Europe/Berlin", "2026-03-29T00:30Z", "01:00+01:00 60, 03:00+02:00 60, 04:00+02:00 60, 05:00+02:00 60")]
    [InlineData("Australia/Lord_Howe", "2026-04-04T14:30Z", "01:00+11:00 60, 01:30+10:30 30, 02:00+10:30 60, 03:00+10:30 60")]
    [InlineData("Australia/Lord_Howe", "2026-10-03T15:00Z", "01:00+10:30 60, 02:30+11:00 30, 03:00+11:00 60, 04:00+11:00 60")]
    [InlineData("America/St_Johns", "1987-10-25T02:00Z", "23:00-02:30 60, 00:00-02:30 1, 23:01-03:30 59, 00:00-03:30 60")]
    [InlineData("Asia/Kathmandu", "2026-10-25T12:00Z", "17:00+05:45 60, 18:00+05:45 60, 19:00+05:45 60, 20:00+05:45 60")]
    [InlineData("Africa/Monrovia", "1972-01-07T00:00Z", "23:00-00:45 60, 00:45+00:00 15, 01:00+00:00 60, 02:00+00:00 60")]
    public void An_hour_is_one_of_the_clock_and_another_one_after_the_clock_was_put(string zone, string within, string hours)
    {
        var clock = WallClock.Of(zone)!;
        List<string> found = [];
        for (var (hour, left) = (clock.Part(At(within), 60), 4); left > 0; hour = clock.Part(hour.To, 60), left--)
            found.Add(string.Create(CultureInfo.InvariantCulture, $"{Local(clock, hour.From)[11..]} {hour.Length}"));

        Assert.Equal(hours, string.Join(", ", found));
    }

    [Theory]
    [InlineData("europe/berlin", "Europe/Berlin")]
    [InlineData("new york", "America/New_York")]
    [InlineData("Tokyo Standard Time", "Asia/Tokyo")]
    [InlineData("UTC+02:00", "Europe/Berlin")]
    [InlineData("", "Europe/Berlin")]
    public void A_name_that_is_none_has_one_that_may_have_been_meant(string name, string guess)
    {
        Assert.Null(WallClock.Of(name));
        Assert.Equal(guess, WallClock.Guess(name));
        Assert.NotNull(WallClock.Of(guess));
    }

    private static Minute At(string text) => Minute.Of(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture));

    private static string Local(WallClock clock, Minute minute) => clock.LocalTime(minute).ToString("yyyy-MM-dd'T'HH:mmzzz", CultureInfo.InvariantCulture);

    private static LocalDateTime Shown(DateTimeZone zone, long minute)
    {
        var shown = NodaTime.Instant.FromUnixTimeSeconds(minute * 60).InZone(zone).LocalDateTime;
        return shown.PlusSeconds(-shown.Second);
    }
}
