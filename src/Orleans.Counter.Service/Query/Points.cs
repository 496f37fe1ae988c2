using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;

namespace Orleans.Counter.Query;

/// <summary>Which points of a range a request wants.</summary>
internal sealed record Points(MinuteRange Range, Granularity Granularity, bool Fill)
{
    /// <summary>Where all granules begin.</summary>
    public const string TimeZone = "UTC";

    /// <summary>What may be answered to a question for points.</summary>
    public static readonly string[] Codes = ["invalid_range", "invalid_granularity", "invalid_time_zone", "invalid_fill", "too_many_points"];

    /// <summary>Reads the parts of a request; where one is wrong, the problem says what would be right.</summary>
    public static (Points? Points, ProblemHttpResult? Problem) Read(MinuteRange range, string? from, string? to, string? granularity, string? timeZone, string? fill)
    {
        if (from is null || to is null) return Wrong("invalid_range", "A series needs both 'from' and 'to'.");
        if (timeZone is not (null or TimeZone)) return Wrong("invalid_time_zone", $"'{JsonBody.Shown(timeZone)}' is not a time zone of this service; it knows {TimeZone}.");
        if (fill is not (null or "true" or "false")) return Wrong("invalid_fill", $"'fill' is '{JsonBody.Shown(fill)}'; it is true or false.");
        var names = string.Join(", ", Granularity.All.Select(one => one.Name));
        var points = granularity is null or "auto" ? Granularity.Finest(range) : Granularity.All.FirstOrDefault(one => one.Name == granularity);
        if (points is null && granularity is not (null or "auto")) return Wrong("invalid_granularity", $"'{JsonBody.Shown(granularity)}' is not a granularity; there are auto, {names}.");
        if (points is not null && points.PointsOf(range) <= Granularity.PointsMax) return (new(range, points, fill is "true"), null);
        var fits = Granularity.Finest(range) is { } finest ? $"the finest granularity that fits is '{finest.Name}'" : "no granularity fits: ask for a shorter range";
        return Wrong("too_many_points", $"The range would have more than {Granularity.PointsMax} points; {fits}.");
    }

    /// <summary>The points of minutes that are in order.</summary>
    public IReadOnlyList<PointAnswer> Of(IReadOnlyList<(Minute Minute, Cell Cell)> minutes) =>
        [.. Granularity.Fold(minutes, Range, Fill).Select(point => new PointAnswer(point.Start.Start.UtcDateTime, point.Cell.Count, point.Cell.Sum, Known(point.Cell, point.Cell.Min), Known(point.Cell, point.Cell.Max)))];

    private static double? Known(Cell cell, double value) => cell.Count == 0 ? null : value;

    private static (Points?, ProblemHttpResult?) Wrong(string code, string detail) => (null, ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail));
}
