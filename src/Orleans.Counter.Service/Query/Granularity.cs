namespace Orleans.Counter.Query;

/// <summary>How fine the points of a series are.</summary>
/// <param name="Name">As it is asked for.</param>
/// <param name="Granule">The granule of a time zone that holds a minute. Granules are laid end to end, so each minute belongs to exactly one.</param>
internal sealed record Granularity(string Name, Func<WallClock, Minute, MinuteRange> Granule)
{
    public static readonly Granularity Minute = new("minute", (clock, minute) => clock.Part(minute, 1));
    public static readonly Granularity Quarter = new("quarter", (clock, minute) => clock.Part(minute, QuarterCell.Minutes));
    public static readonly Granularity Hour = new("hour", (clock, minute) => clock.Part(minute, Counter.Minute.PerHour));
    public static readonly Granularity Day = new("day", (clock, minute) => clock.Day(minute));
    public static readonly Granularity Month = new("month", (clock, minute) => clock.Month(minute));

    /// <summary>All that can be asked for, the finest first.</summary>
    public static readonly IReadOnlyList<Granularity> All = [Minute, Quarter, Hour, Day, Month];

    /// <summary>One granule holds everything: for a question that wants a single number.</summary>
    public static readonly Granularity Whole = new("whole", (_, _) => MinuteRange.Everything);
}
