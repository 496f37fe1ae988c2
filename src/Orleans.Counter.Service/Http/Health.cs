using Microsoft.AspNetCore.Http.HttpResults;

namespace Orleans.Counter.Http;

/// <summary>What a platform asks before it sends requests, or restarts us.</summary>
internal static class Health
{
    /// <summary>The whole answer: no detail that an outsider could use.</summary>
    internal sealed record HealthAnswer(string Status);

    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").DisableHttpMetrics();
        health.AllowAnonymous().DisableRateLimiting().DisableRequestTimeout().WithTags("Health");
        health.MapGet("/live", Live).WithName("GetLive");
        health.MapGet("/ready", Ready).WithName("GetReady").Produces<HealthAnswer>().Produces<HealthAnswer>(StatusCodes.Status503ServiceUnavailable);
        health.MapGet("/startup", Startup).WithName("GetStartup").Produces<HealthAnswer>().Produces<HealthAnswer>(StatusCodes.Status503ServiceUnavailable);
        return routes;
    }

    /// <summary>This process moves, nothing more: restart it if it does not answer.</summary>
    internal static Ok<HealthAnswer> Live() => TypedResults.Ok(new HealthAnswer("live"));

    /// <summary>It is in the cluster, and has not been asked to stop: send it no requests if not.</summary>
    internal static JsonHttpResult<HealthAnswer> Ready(Readiness process) => When(process.IsReady, "ready");

    /// <summary>It has joined the cluster once; give it minutes, it waits for hub and storage.</summary>
    internal static JsonHttpResult<HealthAnswer> Startup(Readiness process) => When(process.HasStarted, "started");

    private static JsonHttpResult<HealthAnswer> When(bool yes, string status) => yes
        ? TypedResults.Json(new HealthAnswer(status), statusCode: StatusCodes.Status200OK)
        : TypedResults.Json(new HealthAnswer($"not {status}"), statusCode: StatusCodes.Status503ServiceUnavailable);
}
