using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Orleans.Counter.Http;
using Orleans.Counter.Security;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Rollup;

/// <summary>Finished days -> month rows and segments.</summary>
internal static class RollupStage
{
    public static IHostApplicationBuilder AddRollup(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<RollupOptions>().BindConfiguration(RollupOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<RollupOptions>, RollupOptionsValidator>().AddSingleton<IValidateOptions<RollupOptions>, RollupFitsAcceptance>();
        builder.Services.AddSingleton(services => new RollupPlan(services.GetRequiredService<IOptions<AcceptanceOptions>>().Value.Window, services.GetRequiredService<IOptions<RollupOptions>>().Value));
        builder.Services.AddSingleton<RollupInstruments>().AddSingleton<RollupGate>();
        builder.Services.AddHostedService<RollupStart>();
        return builder;
    }

    public static IEndpointRouteBuilder MapRollup(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/admin/rollups", Rollups).WithName("GetRollups").WithTags("Operating").RequireScope(Scope.Admin)
            .Explains([new("days", "How many of the last days of each group are listed.", Schemas.Whole(0, RollupReport.DaysMax).Otherwise(RollupReport.DaysDefault))]).Refuses("bad_request", "invalid_days", "unavailable");
        return routes;
    }

    /// <summary>What is sealed, archived and retired, what holds the next day back, and the last days of each group.</summary>
    internal static async Task<Results<Ok<RollupsAnswer>, ProblemHttpResult>> Rollups(
        IGrainFactory grains, IRollupStore store, IOptions<AcceptanceOptions> acceptance, TimeProvider clock, CancellationToken cancellationToken, int days = RollupReport.DaysDefault) =>
        days is < 0 or > RollupReport.DaysMax ? ApiProblem.Of(StatusCodes.Status400BadRequest, "invalid_days", $"'days' is {days}; it says how many of the last days of each group are listed, 0 to {RollupReport.DaysMax}.")
            : TypedResults.Ok(await new RollupReport(grains, store, acceptance.Value.Window, clock).Ask(days, cancellationToken));
}
