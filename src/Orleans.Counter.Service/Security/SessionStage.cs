using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;

namespace Orleans.Counter.Security;

/// <summary>A key -> the cookie of a browser, so that a page can ask without holding the key.</summary>
internal static class SessionStage
{
    /// <summary>Who asks.</summary>
    /// <param name="Key">The id of the caller's key, which is no secret; null if it needed none, or sent a token of Entra ID.</param>
    /// <param name="Scopes">What it may do.</param>
    internal sealed record SessionAnswer(string? Key, IReadOnlyList<string> Scopes);

    public static IEndpointRouteBuilder MapSession(this IEndpointRouteBuilder routes)
    {
        var session = routes.MapGroup("/v1/session").WithTags("Session");
        session.MapGet("", Get).WithName("GetSession").RequireScope(Scope.Read);
        session.MapPost("", Begin).WithName("BeginSession").RequireScope(Scope.Read);
        session.MapDelete("", End).WithName("EndSession").AllowAnonymous().Tells(StatusCodes.Status204NoContent, "Set-Cookie", "The cookie, empty and over.");
        return routes;
    }

    /// <summary>Who asks, and what he may do: a page looks here whether it has to ask for a key.</summary>
    internal static Ok<SessionAnswer> Get(ClaimsPrincipal caller) => TypedResults.Ok(new SessionAnswer(
        caller.Identity?.AuthenticationType is ApiKeyHandler.Name ? caller.FindFirst(Caller.KeyId)?.Value : null,
        [.. Scopes.Each.Select(scope => scope.Name()).Where(caller.IsInRole)]));

    /// <summary>
    /// Keeps the secret key in the header X-Api-Key as a cookie that no script can read. A browser that sends it may do with GET what the key may do, and nothing else. Browsers keep it over HTTPS, and on localhost. Who
    /// needs no key, or has sent another proof, gets no cookie.
    /// </summary>
    internal static NoContent Begin(HttpRequest request)
    {
        if (request.HttpContext.User.Identity?.AuthenticationType is ApiKeyHandler.Name) SessionCookie.Keep(request.HttpContext.Response, ApiKeyHandler.KeyOf(request)!);
        return TypedResults.NoContent();
    }

    /// <summary>Takes the cookie away.</summary>
    internal static NoContent End(HttpResponse response)
    {
        SessionCookie.Forget(response);
        return TypedResults.NoContent();
    }
}
