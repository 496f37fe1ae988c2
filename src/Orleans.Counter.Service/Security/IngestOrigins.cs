using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Security;

/// <summary>Which web pages may send events: in open mode all, otherwise those that a publishable key was made for. Never with cookies.</summary>
/// <remarks>A browser asks before it sends the key, so here any key's origins count; the request itself is held to those of its own key.</remarks>
internal sealed class IngestOrigins(IServiceProvider services, IOptions<AuthOptions> auth) : ICorsPolicyProvider
{
    /// <summary>The policy of endpoints that take events.</summary>
    public const string Policy = "ingest";

    private static readonly CorsPolicy None = new CorsPolicyBuilder().Build();

    public async Task<CorsPolicy?> GetPolicyAsync(HttpContext context, string? policyName)
    {
        if (policyName is not Policy || context.Request.Headers.Origin is not [{ Length: > 0 } origin]) return None;
        if (auth.Value.Mode is AuthMode.Open) return For("*");
        return await services.GetRequiredService<KeyRing>().KnowsOrigin(origin) ? For(origin) : None;
    }

    private static CorsPolicy For(string origin) => new CorsPolicyBuilder(origin)
        .WithMethods(HttpMethods.Post)
        .WithHeaders("Content-Type", "Authorization", ApiKeyHandler.Header)
        .WithExposedHeaders("Retry-After", CounterAck.Header)
        .SetPreflightMaxAge(TimeSpan.FromMinutes(10))
        .Build();
}
