namespace Orleans.Counter.Rollup;

/// <summary>Which days are due for what: the arithmetic of rollup, without a clock or a store.</summary>
internal sealed class RollupPlan(TimeSpan acceptanceWindow, RollupOptions options)
{
    /// <summary>The hub's clock may differ from that of the instance that took an event; the reader of the log allows for as much.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    /// <summary>After this a day is sealed, however slowly an accepted event went its way.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromDays(1);

    /// <summary>A day that is not archived this long after it might have been is late.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromDays(1);

    /// <summary>The last day that the clock allows to be sealed.</summary>
    public DateOnly SealedBy(DateTimeOffset now) => LastEndedBy(now - acceptanceWindow - Settling);

    /// <summary>When the clock allows a day to be sealed.</summary>
    public DateTimeOffset SealsAt(DateOnly day) => EndOf(day) + acceptanceWindow + Settling;

    /// <summary>The last day of which no event can stand behind a message that the hub took then: the reader of the log would refuse it.</summary>
    public DateOnly PassedBy(DateTimeOffset enqueuedTime) => LastEndedBy(enqueuedTime - acceptanceWindow - Grace);

    /// <summary>The last day whose rows need not be in the table any more.</summary>
    public DateOnly RetiredBy(DateTimeOffset now) => LastEndedBy(now - options.HotRetention);

    /// <summary>The last day whose segment is seldom read; null if all are kept ready.</summary>
    public DateOnly? CooledBy(DateTimeOffset now) => options.ColdAfter is { } after ? LastEndedBy(now - after) : null;

    /// <summary>No event before this day was ever counted from the log.</summary>
    public DateOnly LiveFrom(DateTimeOffset hubCreatedAt, DateOnly? firstDay)
    {
        var possible = DateOf(hubCreatedAt - acceptanceWindow - TimeSpan.FromDays(1));
        return firstDay < possible ? firstDay.Value : possible;
    }

    /// <summary>How many days should have been archived by now, and are not.</summary>
    public int DaysLate(DateOnly archivedThrough, DateTimeOffset now) => DaysLate(acceptanceWindow, archivedThrough, now);

    /// <summary>How many days should have been archived by now, and are not.</summary>
    public static int DaysLate(TimeSpan acceptanceWindow, DateOnly archivedThrough, DateTimeOffset now) => Math.Max(0, LastEndedBy(now - acceptanceWindow - Settling - Late).DayNumber - archivedThrough.DayNumber);

    public static DateTimeOffset EndOf(DateOnly day) => new(day.AddDays(1), default, TimeSpan.Zero);

    private static DateOnly LastEndedBy(DateTimeOffset time) => DateOf(time).AddDays(-1);

    private static DateOnly DateOf(DateTimeOffset time) => DateOnly.FromDateTime(time.UtcDateTime);
}
