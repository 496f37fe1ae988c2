using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orleans.Counter.Http;
using Orleans.Counter.Query;
using Orleans.Counter.Security;

namespace Orleans.Counter.History;

/// <summary>Lines of history -> old days of videos.</summary>
internal static class HistoryStage
{
    // A body over the limit is read away up to here, so that the caller hears the answer.
    private const int ReadAwayMax = 16 * 1024 * 1024;

    private const string RetryAfterSeconds = "10";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    public static IHostApplicationBuilder AddHistory(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<HistoryImport>();
        return builder;
    }

    public static IEndpointRouteBuilder MapHistory(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/admin/history", Import).WithName("ImportHistory").WithTags("Operating").RequireScope(Scope.Admin)
            .WithMetadata(new RequestSizeLimitAttribute(ReadAwayMax)).WithRequestTimeout(Longest)
            .Refuses(["no_valid_line", .. JsonBody.Codes, "too_many_lines", "rollup_not_started", "unavailable"]).WithMetadata(HistoryNotes.Rejected)
            .Reads($"At most {HistoryBody.LinesMax:N0} lines, and {HistoryBody.BytesMax:N0} bytes.", isRequired: true, HistoryNotes.Forms);
        return routes;
    }

    /// <summary>Sets minutes of days that the log never brought anything of. The same lines again change nothing; corrected ones set what is right.</summary>
    internal static async Task<Results<Ok<HistoryAnswer>, ProblemHttpResult>> Import(HttpRequest request, HistoryImport import, HotAnswers hot, CancellationToken cancellationToken)
    {
        var (body, problem) = await HistoryBody.Read(request, cancellationToken);
        if (body is null) return problem!;
        if (body.Minutes.Count == 0)
            return ApiProblem.Of(
                StatusCodes.Status400BadRequest, "no_valid_line", body.Rejected.Count == 0 ? "The request has no line." : $"No line is acceptable. The first: {body.Rejected[0].Detail}", new() { ["rejected"] = body.Rejected });
        var ran = await import.Run(body.Minutes, cancellationToken);
        hot.ForgetAll();
        if (ran is { } done) return TypedResults.Ok(new HistoryAnswer(body.Lines, done.DaysSet, done.DaysUnchanged, body.Rejected, done.Refused));
        request.HttpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
        return ApiProblem.Of(StatusCodes.Status503ServiceUnavailable, "rollup_not_started", "It is not known yet from which day on counts are live: rollup says it in its first run, which has begun.");
    }
}

/// <summary>What became of lines of history.</summary>
/// <param name="Lines">How many were read.</param>
/// <param name="DaysSet">How many days of a video and type hold something else now.</param>
/// <param name="DaysUnchanged">How many held the same before.</param>
/// <param name="Rejected">Lines that break a rule; nothing of them is inside.</param>
/// <param name="Refused">Days that cannot be set; nothing of them is inside.</param>
internal sealed record HistoryAnswer(int Lines, int DaysSet, int DaysUnchanged, IReadOnlyList<RejectedLine> Rejected, IReadOnlyList<RefusedDay> Refused);

/// <summary>A line that breaks a rule.</summary>
/// <param name="Line">Which one of the request, from 1; the header of a CSV file is line 1.</param>
/// <param name="Code">Stable and for machines.</param>
/// <param name="Detail">What is wrong, and what would be right.</param>
internal sealed record RejectedLine(int Line, string Code, string Detail);

/// <summary>A day of a video and type that cannot be set.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="Type">The type.</param>
/// <param name="Day">The day, in UTC.</param>
/// <param name="Lines">How many lines of the request are about it.</param>
/// <param name="Code">Stable and for machines.</param>
/// <param name="Detail">Why.</param>
internal sealed record RefusedDay(string VideoId, string Type, DateOnly Day, int Lines, string Code, string Detail);
