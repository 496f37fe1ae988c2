using Orleans.Counter.Security;
using Orleans.Dashboard;

namespace Orleans.Counter.Page;

/// <summary>Orleans' own page at <c>/dashboard</c>: silos, grains, what their methods take. Calls are measured for as long as somebody looks, and a minute longer.</summary>
internal static class DashboardPage
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    /// <summary>Logs are read where logs are kept.</summary>
    public static void Configure(DashboardOptions options) => options.HideTrace = true;

    public static IEndpointRouteBuilder MapDashboard(this IEndpointRouteBuilder routes)
    {
        routes.MapOrleansDashboard("/dashboard").MayLoad(Policy).RequireScope(Scope.Admin).ExcludeFromDescription().AddEndpointFilter(async (call, next) =>
        {
            try
            {
                return await next(call);
            }
            catch (InvalidOperationException failure) when (failure.InnerException is FormatException)
            {
                return TypedResults.NotFound(); // The address names a silo, and no silo is named like that.
            }
        });
        return routes;
    }
}
