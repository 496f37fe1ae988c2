using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;

namespace Orleans.Counter.Query;

/// <summary>Which points of a range a request wants: a point for each granule that is not empty, or with <paramref name="Fill"/> for all.</summary>
internal sealed record Points(Granules Granules, bool Fill)
{
    public string Granularity => Granules.Granularity.Name;

    public string TimeZone => Granules.Clock.Name;

    /// <summary>What may be answered to a question for points.</summary>
    public static readonly string[] Codes = ["invalid_range", "invalid_granularity", "invalid_time_zone", "invalid_fill", "too_many_points"];

    /// <summary>Reads the parts of a request; where one is wrong, the problem says what would be right.</summary>
    public static (Points? Points, ProblemHttpResult? Problem) Read(MinuteRange range, string? from, string? to, string? granularity, string? timeZone, string? fill)
    {
        if (from is null || to is null) return Wrong("invalid_range", "A series needs both 'from' and 'to'.");
        var clock = timeZone is null ? WallClock.Utc : WallClock.Of(timeZone);
        if (clock is null) return Wrong("invalid_time_zone", $"'{JsonBody.Shown(timeZone!)}' is not the name of a time zone in the IANA database, version {WallClock.Version}; '{WallClock.Guess(timeZone!)}' is one.");
        if (fill is not (null or "true" or "false")) return Wrong("invalid_fill", $"'fill' is '{JsonBody.Shown(fill)}'; it is true or false.");
        var asked = Query.Granularity.All.FirstOrDefault(one => one.Name == granularity);
        if (asked is null && granularity is not (null or "auto"))
            return Wrong("invalid_granularity", $"'{JsonBody.Shown(granularity)}' is not a granularity; there are auto, {string.Join(", ", Query.Granularity.All.Select(one => one.Name))}.");
        if (asked is not null && new Granules(range, asked, clock) is { Fit: true } granules) return (new(granules, fill is "true"), null);
        var finest = Granules.Finest(range, clock);
        if (asked is null && finest is not null) return (new(finest, fill is "true"), null);
        var fits = finest is null ? "no granularity fits: ask for a shorter range" : $"the finest granularity that fits is '{finest.Granularity.Name}'";
        return Wrong("too_many_points", $"The range would have more than {Granules.Max} points; {fits}.");
    }

    /// <summary>The points of granules that are in order.</summary>
    public IReadOnlyList<PointAnswer> Of(IReadOnlyList<GranuleCell> cells)
    {
        var points = new List<PointAnswer>(cells.Count);
        if (!Fill)
        {
            foreach (var (granule, cell) in cells) points.Add(Point(granule, cell));
            return points;
        }

        var next = 0;
        foreach (var granule in Granules.All) points.Add(Point(granule, next < cells.Count && cells[next].Granule == granule ? cells[next++].Cell : Cell.Nothing));
        return points;
    }

    private PointAnswer Point(MinuteRange granule, Cell cell) => new(Granules.Clock.LocalTime(granule.From), cell.Count, cell.Sum, Known(cell, cell.Min), Known(cell, cell.Max));

    private static double? Known(Cell cell, double value) => cell.Count == 0 ? null : value;

    private static (Points?, ProblemHttpResult?) Wrong(string code, string detail) => (null, ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail));
}
