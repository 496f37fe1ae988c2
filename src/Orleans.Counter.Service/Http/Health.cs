using Microsoft.AspNetCore.Http.HttpResults;

namespace Orleans.Counter.Http;

/// <summary>What a platform asks before it sends requests, or restarts us.</summary>
internal static class Health
{
    /// <summary>The whole answer: no detail that an outsider could use.</summary>
    internal sealed record Answer(string Status);

    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").DisableHttpMetrics();
        health.AllowAnonymous().DisableRateLimiting().DisableRequestTimeout();
        health.MapGet("/live", () => TypedResults.Ok(new Answer("live"))); // this process moves, nothing more
        health.MapGet("/ready", (Readiness process) => When(process.IsReady, "ready"));
        health.MapGet("/startup", (Readiness process) => When(process.HasStarted, "started"));
        return routes;
    }

    private static JsonHttpResult<Answer> When(bool yes, string status) => yes
        ? TypedResults.Json(new Answer(status), statusCode: StatusCodes.Status200OK)
        : TypedResults.Json(new Answer($"not {status}"), statusCode: StatusCodes.Status503ServiceUnavailable);
}
