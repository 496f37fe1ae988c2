using NodaTime;
using NodaTime.TimeZones;

namespace Orleans.Counter.Query;

/// <summary>The clocks on the walls of a time zone, in whole minutes: what they show when a minute begins is its local time.</summary>
/// <remarks>Offsets are rounded down to minutes: Liberia's had seconds until 1972. Zones are those of the library's own tzdb, so that answers do not depend on what a machine has installed.</remarks>
internal sealed class WallClock
{
    public static readonly WallClock Utc = new("UTC", DateTimeZone.Utc);

    /// <summary>No clock is further ahead of UTC, or behind it, than this.</summary>
    private const int OffsetMinutesMax = 18 * Counter.Minute.PerHour;

    private static readonly TzdbDateTimeZoneSource Database = TzdbDateTimeZoneSource.Default;

    private readonly DateTimeZone _zone;

    private WallClock(string name, DateTimeZone zone) => (Name, _zone) = (name, zone);

    /// <summary>As it was asked for.</summary>
    public string Name { get; }

    /// <summary>Which rules zones keep: changes with the library.</summary>
    public static string Version => Database.TzdbVersion;

    /// <summary>The zone of this name of the IANA database; null if there is none.</summary>
    public static WallClock? Of(string name) => Database.CanonicalIdMap.ContainsKey(name) ? new(name, DateTimeZoneProviders.Tzdb[name]) : null;

    /// <summary>What somebody may have meant who asked for a name that does not exist.</summary>
    public static string Guess(string name) =>
        Database.WindowsToTzdbIds.GetValueOrDefault(name)
        ?? DateTimeZoneProviders.Tzdb.Ids.FirstOrDefault(id => id.Equals(name, StringComparison.OrdinalIgnoreCase) || id.EndsWith($"/{name.Replace(' ', '_')}", StringComparison.OrdinalIgnoreCase))
        ?? "Europe/Berlin";

    /// <summary>A minute as the clocks show it.</summary>
    public DateTimeOffset LocalTime(Minute minute) => minute.Start.ToOffset(TimeSpan.FromMinutes(At(minute.Number).Offset));

    /// <summary>The minutes around one in which the clocks stay in the same part of an hour, and are not put forward or back.</summary>
    /// <param name="minute">One of them.</param>
    /// <param name="length">How many minutes a part has, from the full hour on.</param>
    public MinuteRange Part(Minute minute, int length)
    {
        var setting = At(minute.Number);
        var start = Floor(minute.Number + (long)setting.Offset, length) - setting.Offset;
        return Range(Math.Max(start, setting.From), Math.Min(start + length, setting.To));
    }

    /// <summary>The day that holds a minute. A day begins with the first minute that shows its date: one that the clocks skip has none, and clocks that go back over midnight do not bring yesterday back.</summary>
    public MinuteRange Day(Minute minute)
    {
        var day = DayOf(minute);
        return Range(StartOf(day), StartOf(day + 1));
    }

    /// <summary>The calendar month that holds a minute, made of such days.</summary>
    public MinuteRange Month(Minute minute)
    {
        var first = DateOnly.FromDateTime(DateTime.UnixEpoch.AddDays(DayOf(minute)));
        first = first.AddDays(1 - first.Day);
        return Range(StartOf(Number(first)), StartOf(Number(first.AddMonths(1))));

        static long Number(DateOnly date) => date.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
    }

    /// <summary>Which day holds a minute, numbered from 1970.</summary>
    private long DayOf(Minute minute)
    {
        var day = Floor(minute.Number + (long)At(minute.Number).Offset, Counter.Minute.PerDay) / Counter.Minute.PerDay;
        while (StartOf(day + 1) <= minute.Number) day++; // The clocks have gone back over midnight.
        return day;
    }

    /// <summary>The first minute that shows a date, or a later one.</summary>
    private long StartOf(long day)
    {
        var midnight = day * Counter.Minute.PerDay;
        for (var setting = At(midnight - OffsetMinutesMax); ; setting = At(setting.To))
            if (Math.Max(setting.From, midnight - setting.Offset) is var first && first < setting.To) return first;
    }

    /// <summary>How the clocks are set in a minute, and from which minute on and before which one. A zone that changes its law, and leaves its clocks alone, does it on a full hour, where every part of an hour ends anyway.</summary>
    private Setting At(long minute)
    {
        var at = _zone.GetZoneInterval(Instant.FromUnixTimeSeconds(minute * 60));
        return new(at.HasStart ? Begun(at.Start) : int.MinValue, at.HasEnd ? Begun(at.End) : int.MaxValue, OffsetOf(at));
    }

    private static int OffsetOf(ZoneInterval interval) => (int)(Floor(interval.WallOffset.Seconds, 60) / 60);

    /// <summary>The first minute that begins at this instant or after it.</summary>
    private static long Begun(Instant instant) => Floor(instant.ToUnixTimeSeconds() + 59, 60) / 60;

    private static long Floor(long number, int step) => number - ((number % step + step) % step);

    private static MinuteRange Range(long from, long to) => new(new((int)from), new((int)to));

    private readonly record struct Setting(long From, long To, int Offset);
}
