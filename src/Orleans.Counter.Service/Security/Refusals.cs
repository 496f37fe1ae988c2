using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Orleans.Counter.Http;

namespace Orleans.Counter.Security;

/// <summary>Says no, in the one form that errors have, however the caller was recognised or was not.</summary>
internal sealed class Refusals : IAuthorizationMiddlewareResultHandler
{
    private const string RetryAfterSeconds = "5";

    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded) await next(context);
        else if (authorizeResult.Challenged) await Unauthenticated(context, (await context.AuthenticateAsync()).Failure);
        else await ApiProblem.Of(StatusCodes.Status403Forbidden, "forbidden", Beyond(context)).ExecuteAsync(context);
    }

    private static Task Unauthenticated(HttpContext context, Exception? failure)
    {
        if (failure is KeysUnreadableException)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
            return ApiProblem.Of(StatusCodes.Status503ServiceUnavailable, "keys_unavailable", "Whether the key is good cannot be said at the moment. Try again.").ExecuteAsync(context);
        }

        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"counter\"";
        return ApiProblem.Of(
            StatusCodes.Status401Unauthorized, "unauthenticated",
            failure is AuthenticationFailureException { Message: var why } ? why : failure is not null
                ? "The bearer token is not accepted: it must be a token of the tenant and for the audience of this service, and not have expired."
                : $"Send a key in the header {ApiKeyHandler.Header}.").ExecuteAsync(context);
    }

    private static string Beyond(HttpContext context)
    {
        if (context.Features.Get<Misuse>() is { } misuse) return misuse.Detail;
        return context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>()?.Policy is { } scope ? $"This needs the scope '{scope}', which the caller does not have." : "Nobody may call this.";
    }
}
