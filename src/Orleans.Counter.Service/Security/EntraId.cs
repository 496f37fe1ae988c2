using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace Orleans.Counter.Security;

/// <summary>Bearer tokens of one tenant of Entra ID: the app roles in them are scopes.</summary>
internal static class EntraId
{
    public const string Scheme = "EntraId";

    public static AuthenticationBuilder AddEntraId(this AuthenticationBuilder authentication, EntraIdOptions entra) => authentication.AddJwtBearer(Scheme, jwt =>
    {
        jwt.Authority = $"https://login.microsoftonline.com/{entra.TenantId}/v2.0";
        jwt.MapInboundClaims = false;
        jwt.TokenValidationParameters.ValidIssuers = [jwt.Authority, $"https://sts.windows.net/{entra.TenantId}/"]; // version 2 and 1 of its tokens
        jwt.TokenValidationParameters.ValidAudiences = [entra.Audience, $"api://{entra.Audience}"];
        jwt.TokenValidationParameters.RoleClaimType = Caller.RoleClaim;
        jwt.Events = new() { OnAuthenticationFailed = DoubtIfTheTenantIsAway };
    });

    // Without the tenant's keys nobody can say whether a token is good, and whoever is told that it is not would throw it away.
    private static async Task DoubtIfTheTenantIsAway(AuthenticationFailedContext failed)
    {
        if (failed.Exception is not SecurityTokenSignatureKeyNotFoundException) return;
        try
        {
            await failed.Options.ConfigurationManager!.GetConfigurationAsync(failed.HttpContext.RequestAborted);
        }
        catch (InvalidOperationException)
        {
            failed.Fail(new KeysUnreadableException());
        }
    }

    /// <summary>True if the caller has sent a token, and no key.</summary>
    public static bool IsAsked(HttpContext context) =>
        context.Request.Headers[ApiKeyHandler.Header].Count is 0 && ApiKeyHandler.BearerOf(context.Request) is { } bearer && !bearer.StartsWith(KeyText.Prefix, StringComparison.Ordinal);
}
