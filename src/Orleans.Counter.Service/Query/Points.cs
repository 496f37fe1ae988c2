using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;

namespace Orleans.Counter.Query;

/// <summary>Which points of a range a request wants.</summary>
internal sealed record Points(MinuteRange Range, Granularity Granularity, WallClock Clock, bool Fill)
{
    /// <summary>The most points that one answer may have.</summary>
    public const int Max = 1500;

    /// <summary>The whole granules that the range touches, in order.</summary>
    public IEnumerable<MinuteRange> Granules
    {
        get
        {
            for (var granule = Granularity.Granule(Clock, Range.From); ; granule = Granularity.Granule(Clock, granule.To))
            {
                yield return granule;
                if (granule.To >= Range.To) break;
            }
        }
    }

    /// <summary>True if one answer has room for all of them.</summary>
    public bool Fit => Granules.Take(Max + 1).Count() <= Max;

    /// <summary>Reads the parts of a request; where one is wrong, the problem says what would be right.</summary>
    public static (Points? Points, ProblemHttpResult? Problem) Read(MinuteRange range, string? from, string? to, string? granularity, string? timeZone, string? fill)
    {
        if (from is null || to is null) return Wrong("invalid_range", "A series needs both 'from' and 'to'.");
        var clock = timeZone is null ? WallClock.Utc : WallClock.Of(timeZone);
        if (clock is null) return Wrong("invalid_time_zone", $"'{timeZone}' is not the name of a time zone in the IANA database, version {WallClock.Version}; '{WallClock.Guess(timeZone!)}' is one.");
        if (fill is not (null or "true" or "false")) return Wrong("invalid_fill", $"'fill' is '{fill}'; it is true or false.");
        var asked = Granularity.All.FirstOrDefault(one => one.Name == granularity);
        if (asked is null && granularity is not (null or "auto"))
            return Wrong("invalid_granularity", $"'{granularity}' is not a granularity; there are auto, {string.Join(", ", Granularity.All.Select(one => one.Name))}.");
        var points = asked is null ? Finest(range, clock, fill is "true") : new(range, asked, clock, fill is "true");
        if (points is not null && (asked is null || points.Fit)) return (points, null);
        var fits = Finest(range, clock, fill is "true") is { } finest ? $"the finest granularity that fits is '{finest.Granularity.Name}'" : "no granularity fits: ask for a shorter range";
        return Wrong("too_many_points", $"The range would have more than {Max} points; {fits}.");
    }

    /// <summary>The finest that fit; null if not even the coarsest do.</summary>
    public static Points? Finest(MinuteRange range, WallClock clock, bool fill) => Granularity.All.Select(granularity => new Points(range, granularity, clock, fill)).FirstOrDefault(points => points.Fit);

    /// <summary>What each granule holds of cells that are in order, each of one granule: those that are not empty, or if they are to be filled, all.</summary>
    public IReadOnlyList<PointAnswer> Of(IReadOnlyList<(Minute Minute, Cell Cell)> cells)
    {
        var points = new List<PointAnswer>();
        var next = 0;
        foreach (var granule in Fill ? Granules : Touched(cells))
        {
            var sum = Cell.Nothing;
            for (; next < cells.Count && cells[next].Minute < granule.To; next++) sum += cells[next].Cell;
            points.Add(new(Clock.LocalTime(granule.From), sum.Count, sum.Sum, Known(sum, sum.Min), Known(sum, sum.Max)));
        }

        return points;
    }

    private IEnumerable<MinuteRange> Touched(IReadOnlyList<(Minute Minute, Cell Cell)> cells)
    {
        MinuteRange? last = null;
        foreach (var (minute, _) in cells)
        {
            if (last is { } granule && minute < granule.To) continue;
            last = granule = Granularity.Granule(Clock, minute);
            yield return granule;
        }
    }

    private static double? Known(Cell cell, double value) => cell.Count == 0 ? null : value;

    private static (Points?, ProblemHttpResult?) Wrong(string code, string detail) => (null, ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail));
}
