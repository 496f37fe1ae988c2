namespace Orleans.Counter.Query;

/// <summary>How often something happened.</summary>
internal sealed record CountAnswer(string VideoId, string Type, long Count);

/// <summary>When it happened.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="Type">The type.</param>
/// <param name="Granularity">How fine the points are; chosen by the service if <c>auto</c> was asked for.</param>
/// <param name="TimeZone">Where the granules begin.</param>
/// <param name="Points">In order.</param>
internal sealed record SeriesAnswer(string VideoId, string Type, string Granularity, string TimeZone, IReadOnlyList<PointAnswer> Points);

/// <summary>One granule. At the edges it holds only what lies inside the range.</summary>
/// <param name="Start">Where the granule begins, in UTC.</param>
/// <param name="Count">Events.</param>
/// <param name="Sum">Of their values.</param>
/// <param name="Min">The smallest value; null if there is none.</param>
/// <param name="Max">The largest value; null if there is none.</param>
internal sealed record PointAnswer(DateTime Start, long Count, double Sum, double? Min, double? Max);
