using Microsoft.AspNetCore.Http.HttpResults;

namespace Orleans.Counter.Audit;

/// <summary>Ledgers of all shards -> one sum, and whether it comes out even.</summary>
internal static class AuditStage
{
    public static IHostApplicationBuilder AddAudit(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Canary>();
        return builder;
    }

    public static IEndpointRouteBuilder MapAudit(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/audit", Audit).WithName("GetAudit").WithTags("Operating");
        return routes;
    }

    /// <summary>What became of all events that the log holds, as far as it has been read.</summary>
    private static async Task<Ok<AuditAnswer>> Audit(Canary canary, CancellationToken cancellationToken) => TypedResults.Ok(await canary.Ask(cancellationToken));
}

/// <summary>What became of all events: <c>accepted = counted + duplicates + deadLettered + inFlight + difference</c>.</summary>
/// <param name="Accepted">Events that were read from the log.</param>
/// <param name="Counted">Of the stored ones: inside counts.</param>
/// <param name="Duplicates">Of the stored ones: recognised as repeats.</param>
/// <param name="DeadLettered">Of the stored ones: set aside as dead letters.</param>
/// <param name="InFlight">Read, and not stored yet.</param>
/// <param name="Difference">Of the stored ones: what is missing in this sum. Anything but 0 is a defect.</param>
/// <param name="AsOf">What had been read then is inside.</param>
internal sealed record AuditAnswer(long Accepted, long Counted, long Duplicates, long DeadLettered, long InFlight, long Difference, DateTimeOffset AsOf);
