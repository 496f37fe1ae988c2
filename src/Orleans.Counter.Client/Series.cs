namespace Orleans.Counter.Client;

/// <summary>How much time one point of a series covers.</summary>
public enum Granularity
{
    /// <summary>The finest that gives at most 1,500 points.</summary>
    Auto,

    /// <summary>One minute.</summary>
    Minute,

    /// <summary>15 minutes.</summary>
    Quarter,

    /// <summary>One hour of the clock.</summary>
    Hour,

    /// <summary>One day of the time zone.</summary>
    Day,

    /// <summary>One calendar month of the time zone.</summary>
    Month,
}

/// <summary>How the events of one video and type spread over time.</summary>
/// <param name="Granularity">What one point covers; never <see cref="Granularity.Auto"/>.</param>
/// <param name="Points">In order of time; only granules in which something happened.</param>
public sealed record Series(Granularity Granularity, IReadOnlyList<SeriesPoint> Points);

/// <summary>The events of one granule.</summary>
/// <param name="Start">The granule's first instant, with the offset of the time zone.</param>
/// <param name="Count">How many events.</param>
/// <param name="Sum">The sum of their values.</param>
/// <param name="Min">The smallest value.</param>
/// <param name="Max">The largest value.</param>
public sealed record SeriesPoint(DateTimeOffset Start, long Count, double Sum, double Min, double Max);
