using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;

namespace Orleans.Counter.Query;

/// <summary>Video and rows -> points and numbers.</summary>
internal static class QueryStage
{
    public static IHostApplicationBuilder AddQuery(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<VideoCounts>();
        return builder;
    }

    public static IEndpointRouteBuilder MapQuery(this IEndpointRouteBuilder routes)
    {
        var asking = routes.MapGroup("/v1/videos/{videoId}").WithTags("Asking");
        asking.MapGet("/count", Count).WithName("GetCount");
        asking.MapGet("/series", Series).WithName("GetSeries");
        return routes;
    }

    /// <summary>How often; a video never seen answers 0.</summary>
    private static async Task<Results<Ok<CountAnswer>, ProblemHttpResult>> Count(
        string videoId, VideoCounts counts, CancellationToken cancellationToken, string? type = null, string? from = null, string? to = null)
    {
        var (question, problem) = Question.Read(videoId, type, from, to);
        if (question is null) return problem!;
        var sum = await counts.Sum(question.Video, question.Type, question.Range, cancellationToken);
        return TypedResults.Ok(new CountAnswer(question.Video.Value, question.Type.Value, sum.Count));
    }

    /// <summary>When; a point for every granule that is not empty.</summary>
    private static async Task<Results<Ok<SeriesAnswer>, ProblemHttpResult>> Series(
        string videoId, VideoCounts counts, CancellationToken cancellationToken,
        string? type = null, string? from = null, string? to = null, string? granularity = null, string? timeZone = null, string? fill = null)
    {
        var (question, problem) = Question.Read(videoId, type, from, to);
        if (question is null) return problem!;
        if (from is null || to is null) return Wrong("invalid_range", "A series needs both 'from' and 'to'.");
        if (timeZone is not (null or "UTC")) return Wrong("invalid_time_zone", $"'{timeZone}' is not a time zone of this service; it knows UTC.");
        if (fill is not (null or "true" or "false")) return Wrong("invalid_fill", $"'fill' is '{fill}'; it is true or false.");
        var names = string.Join(", ", Granularity.All.Select(one => one.Name));
        var points = granularity is null or "auto" ? Granularity.Finest(question.Range) : Granularity.All.FirstOrDefault(one => one.Name == granularity);
        if (points is null && granularity is not (null or "auto")) return Wrong("invalid_granularity", $"'{granularity}' is not a granularity; there are auto, {names}.");
        if (points is null || points.PointsOf(question.Range) > Granularity.PointsMax)
        {
            var fits = Granularity.Finest(question.Range) is { } finest ? $"the finest granularity that fits is '{finest.Name}'" : "no granularity fits: ask for a shorter range";
            return Wrong("too_many_points", $"The range would have more than {Granularity.PointsMax} points; {fits}.");
        }

        var minutes = await counts.Minutes(question.Video, question.Type, question.Range, cancellationToken);
        var folded = points.Fold(minutes, question.Range, fill is "true");
        return TypedResults.Ok(new SeriesAnswer(
            question.Video.Value, question.Type.Value, points.Name, "UTC",
            [.. folded.Select(point => new PointAnswer(point.Start.Start.UtcDateTime, point.Cell.Count, point.Cell.Sum, Known(point.Cell, point.Cell.Min), Known(point.Cell, point.Cell.Max)))]));
    }

    private static double? Known(Cell cell, double value) => cell.Count == 0 ? null : value;

    private static ProblemHttpResult Wrong(string code, string detail) => ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail);
}
