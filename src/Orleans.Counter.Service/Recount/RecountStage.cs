using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Orleans.Counter.Http;
using Orleans.Counter.Security;

namespace Orleans.Counter.Recount;

/// <summary>Raw events -> what differs from what was counted.</summary>
internal static partial class RecountStage
{
    public static IHostApplicationBuilder AddRecount(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<RecountOptions>().BindConfiguration(RecountOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<RecountOptions>, RecountOptionsValidator>();
        builder.Services.AddSingleton<RawLog>().AddSingleton<RecountRun>().AddSingleton<RecountGate>();
        return builder;
    }

    public static IEndpointRouteBuilder MapRecount(this IEndpointRouteBuilder routes)
    {
        var operating = routes.MapGroup("/v1/admin").WithTags("Operating").RequireScope(Scope.Admin);
        operating.MapPost("/recount", Recount).WithName("Recount").WithMetadata(new RequestSizeLimitAttribute(RecountBody.BodyBytesMax)).Refuses(RecountBody.Codes)
            .Reads($"At most {RecountBody.BodyBytesMax:N0} bytes.", isRequired: true, RecountNotes.Body).Tells(StatusCodes.Status202Accepted, "Location", "Where to ask how far it is.");
        operating.MapGet("/operations/{id}", Operation).WithName("GetOperation").Explains(RecountNotes.Parameters).Refuses("not_found", "unavailable");
        return routes;
    }

    /// <summary>Compares the minutes of a video with the raw events of the log, and, if that is wanted, sets those that differ. It goes on after the answer.</summary>
    internal static async Task<Results<Accepted<Operation>, ProblemHttpResult>> Recount(HttpRequest request, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var (body, problem) = await RecountBody.Read(request);
        if (body is null) return problem!;
        var id = Guid.NewGuid().ToString("N");
        var operation = await grains.GetGrain<IRecountGrain>(id).Begin(body.Video, body.Range.From, body.Range.To, body.Repair, cancellationToken);
        return TypedResults.Accepted($"/v1/admin/operations/{id}", operation);
    }

    /// <summary>How far a recount is, and what it has found. One that a silo took with it when it died begins anew when it is asked after.</summary>
    internal static async Task<Results<Ok<Operation>, ProblemHttpResult>> Operation(string id, IGrainFactory grains, CancellationToken cancellationToken) =>
        Rule().IsMatch(id) && await grains.GetGrain<IRecountGrain>(id).Ask(cancellationToken) is { } operation ? TypedResults.Ok(operation)
            : ApiProblem.Of(StatusCodes.Status404NotFound, "not_found", $"There is no operation '{JsonBody.Shown(id)}'.");

    [GeneratedRegex(@"\A[0-9a-f]{32}\z")]
    private static partial Regex Rule();
}
