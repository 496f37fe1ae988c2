using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orleans.Counter.Counting;
using Orleans.Counter.Http;
using Orleans.Counter.Query;
using Orleans.Counter.Security;

namespace Orleans.Counter.Audit;

/// <summary>Ledgers of all shards -> one sum, and whether it comes out even.</summary>
internal static class AuditStage
{
    public static IHostApplicationBuilder AddAudit(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Canary>().AddSingleton<LetterDesk>();
        return builder;
    }

    public static IEndpointRouteBuilder MapAudit(this IEndpointRouteBuilder routes)
    {
        var operating = routes.MapGroup("/v1").WithTags("Operating").RequireScope(Scope.Admin);
        operating.MapGet("/audit", Audit).WithName("GetAudit").Refuses("unavailable");
        operating.MapPost("/admin/corrections", Correct).WithName("Correct").WithMetadata(new RequestSizeLimitAttribute(CorrectionBody.BodyBytesMax)).Refuses(CorrectionBody.Codes)
            .Reads($"At most {CorrectionBody.BodyBytesMax:N0} bytes.", isRequired: true, CorrectionNotes.Body);
        operating.MapDeadLetters();
        return routes;
    }

    /// <summary>Takes events out of a minute, or puts them in. The same correction again changes nothing; its opposite, under another id, undoes it.</summary>
    internal static async Task<Results<Ok<CorrectionAnswer>, ProblemHttpResult>> Correct(HttpRequest request, IGrainFactory grains, HotAnswers hot, TimeProvider clock, CancellationToken cancellationToken)
    {
        var (body, problem) = await CorrectionBody.Read(request, clock.GetUtcNow());
        if (body is null) return problem!;
        var correction = body.Correction;
        var corrected = await grains.GetGrain<IVideoGrain>(correction.Video.Value).Correct(correction, cancellationToken);
        hot.ForgetAll();
        return corrected.Outcome switch
        {
            CorrectionOutcome.Differs => Conflict("correction_differs", $"Another correction of '{correction.Video}' has the id '{correction.Id}'; one that was made stays as it is. Undo it with its opposite, under a new id."),
            CorrectionOutcome.TooMuch => Conflict("correction_too_large", $"The minute {correction.Minute} holds {corrected.Minute.Count} events of type '{correction.Type}'; no more can be taken out."),
            CorrectionOutcome.TooManyTypes => Conflict("too_many_types", $"The video has {EventType.PerVideoMax} types already; '{correction.Type}' is none of them."),
            _ => TypedResults.Ok(new CorrectionAnswer(
                correction.Id, correction.Video.Value, correction.Type.Value, correction.Minute.Start.UtcDateTime, corrected.Minute.Count, corrected.Minute.Sum, corrected.Total.Count)),
        };
    }

    private static ProblemHttpResult Conflict(string code, string detail) => ApiProblem.Of(StatusCodes.Status409Conflict, code, detail);

    /// <summary>What became of all events that the log holds, as far as it has been read.</summary>
    internal static async Task<Ok<AuditAnswer>> Audit(Canary canary, CancellationToken cancellationToken) => TypedResults.Ok(await canary.Ask(cancellationToken));
}

/// <summary>What became of all events: <c>accepted = counted + duplicates + deadLettered + inFlight + difference</c>.</summary>
/// <param name="Accepted">Events that were read from the log.</param>
/// <param name="Counted">Of the stored ones: inside counts.</param>
/// <param name="Duplicates">Of the stored ones: recognised as repeats.</param>
/// <param name="DeadLettered">Of the stored ones: set aside as dead letters.</param>
/// <param name="InFlight">Read, and not stored yet.</param>
/// <param name="Difference">Of the stored ones: what is missing in this sum. Anything but 0 is a defect.</param>
/// <param name="Imported">How many events of history were imported, beside all this; those of a video that was removed are not in it any more.</param>
/// <param name="Repaired">By how much corrections have changed counts, beside all this; negative if they took out more than they put in.</param>
/// <param name="AsOf">What had been read then is inside.</param>
internal sealed record AuditAnswer(long Accepted, long Counted, long Duplicates, long DeadLettered, long InFlight, long Difference, long Imported, long Repaired, DateTimeOffset AsOf);

/// <summary>What stands after a correction.</summary>
/// <param name="Id">The correction.</param>
/// <param name="VideoId">The video.</param>
/// <param name="Type">The type.</param>
/// <param name="Minute">The minute, in UTC.</param>
/// <param name="Count">How many events the minute holds now.</param>
/// <param name="Sum">Of their values.</param>
/// <param name="Total">How many events of the type the video has now, all time.</param>
internal sealed record CorrectionAnswer(string Id, string VideoId, string Type, DateTime Minute, long Count, double Sum, long Total);
