using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Counter.Http;

namespace Orleans.Counter.Security;

/// <summary>Who may call, how often, and for how long.</summary>
internal static class SecurityStage
{
    private const string Chosen = "Chosen";

    public static WebApplicationBuilder AddSecurity(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions<AuthOptions>().BindConfiguration(AuthOptions.Section).ValidateOnStart();
        services.AddOptions<LimitsOptions>().BindConfiguration(LimitsOptions.Section).ValidateOnStart();
        services.AddOptions<ProxiesOptions>().BindConfiguration(ProxiesOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AuthOptions>, AuthOptionsValidator>();
        services.AddSingleton<IValidateOptions<LimitsOptions>, LimitsOptionsValidator>();
        services.AddSingleton<IValidateOptions<ProxiesOptions>, ProxiesOptionsValidator>();

        if (AuthOptions.ModeOf(builder.Configuration) is AuthMode.Open)
            services.AddAuthentication(OpenHandler.Name).AddScheme<AuthenticationSchemeOptions, OpenHandler>(OpenHandler.Name, null);
        else
            services.AddKeys(builder.Configuration.GetSection(AuthOptions.Section).Get<AuthOptions>()?.EntraId);
        services.AddAuthorization(Policies);
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, Refusals>();

        services.AddCors().AddSingleton<ICorsPolicyProvider, IngestOrigins>();
        services.AddRateLimiter(_ => { }).AddSingleton<IConfigureOptions<RateLimiterOptions>, RequestLimits>();
        services.AddRequestTimeouts().AddOptions<RequestTimeoutOptions>().Configure<IOptions<LimitsOptions>>((timeouts, limits) => timeouts.DefaultPolicy = new()
        {
            Timeout = limits.Value.RequestTimeout,
            TimeoutStatusCode = StatusCodes.Status504GatewayTimeout,
            WriteTimeoutResponse = context => ApiProblem.Of(StatusCodes.Status504GatewayTimeout).ExecuteAsync(context),
        });
        // Some images of platforms set this, and it believes everybody who says where he comes from. Only Proxies:Networks decides.
        builder.Configuration["ForwardedHeaders_Enabled"] = bool.FalseString;
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<ProxiesOptions>>((headers, proxies) =>
        {
            headers.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            headers.ForwardLimit = proxies.Value.ForwardLimit;
            headers.KnownProxies.Clear();
            headers.KnownIPNetworks.Clear();
            foreach (var network in proxies.Value.Networks) headers.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
        });

        var server = services.Last(service => service.ServiceType == typeof(IServer));
        services.Replace(ServiceDescriptor.Singleton<IServer>(provider => new KeylessServer((IServer)ActivatorUtilities.CreateInstance(provider, server.ImplementationType!))));
        return builder;
    }

    /// <summary>The order matters: an address before it is counted, an origin before a key, a key before its limit, and the limit before the door.</summary>
    public static WebApplication UseSecurity(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<ProxiesOptions>>().Value.Networks.Length > 0) app.UseForwardedHeaders();
        app.UseCors();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.UseRequestTimeouts();
        return app;
    }

    private static void AddKeys(this IServiceCollection services, EntraIdOptions? entra)
    {
        services.TryAddSingleton<IKeyStore, TableKeyStore>();
        services.AddSingleton<KeyRing>().AddHostedService(provider => provider.GetRequiredService<KeyRing>());
        var authentication = services.AddAuthentication(entra is null ? ApiKeyHandler.Name : Chosen).AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.Name, null);
        if (entra is not null)
            authentication.AddEntraId(entra).AddPolicyScheme(Chosen, null, choice => choice.ForwardDefaultSelector = context => EntraId.IsAsked(context) ? EntraId.Scheme : ApiKeyHandler.Name);

        // What nobody thought of is closed to everyone; where there is nothing at all, whoever may call is told so.
        services.Configure<AuthorizationOptions>(options => options.FallbackPolicy = new AuthorizationPolicyBuilder()
            .RequireAuthenticatedUser()
            .RequireAssertion(asked => asked.Resource is HttpContext context && context.GetEndpoint() is not RouteEndpoint)
            .Build());
    }

    private static void Policies(AuthorizationOptions options)
    {
        foreach (var scope in Scopes.Each) options.AddPolicy(scope.Name(), policy => policy.RequireAuthenticatedUser().RequireRole(scope.Name()));
    }
}
