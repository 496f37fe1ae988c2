namespace Orleans.Counter.Query;

/// <summary>How fine the points of a series are. Granules are laid end to end in UTC, so each minute belongs to exactly one.</summary>
internal sealed record Granularity(string Name, int Minutes)
{
    /// <summary>The most points that one answer may have.</summary>
    public const int PointsMax = 1500;

    public static readonly Granularity Minute = new("minute", 1);
    public static readonly Granularity Hour = new("hour", 60);
    public static readonly Granularity Day = new("day", 1440);

    /// <summary>All, the finest first.</summary>
    public static readonly IReadOnlyList<Granularity> All = [Minute, Hour, Day];

    /// <summary>The granule that holds a minute begins with this one.</summary>
    public Minute StartOf(Minute minute) => new(minute.Number / Minutes * Minutes);

    /// <summary>How many granules a range touches.</summary>
    public long PointsOf(MinuteRange range) => ((StartOf(new(range.To.Number - 1)).Number - StartOf(range.From).Number) / Minutes) + 1;

    /// <summary>The finest one with which the range stays within <see cref="PointsMax"/>; null if not even the coarsest does.</summary>
    public static Granularity? Finest(MinuteRange range) => All.FirstOrDefault(granularity => granularity.PointsOf(range) <= PointsMax);

    /// <summary>The minutes of a range, summed by granule, in order: only those that are not empty, or with <paramref name="fill"/> all that the range touches.</summary>
    public IReadOnlyList<(Minute Start, Cell Cell)> Fold(IEnumerable<(Minute Minute, Cell Cell)> minutes, MinuteRange range, bool fill)
    {
        var points = new SortedDictionary<Minute, Cell>();
        if (fill)
            for (var start = StartOf(range.From); start < range.To; start = new(start.Number + Minutes)) points[start] = Cell.Nothing;
        foreach (var (minute, cell) in minutes) points[StartOf(minute)] = points.GetValueOrDefault(StartOf(minute)) + cell;
        return [.. points.Select(point => (point.Key, point.Value))];
    }
}
