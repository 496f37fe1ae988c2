using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Security;

/// <summary>Recognises callers by their key: in <c>X-Api-Key</c>, after <c>Authorization: Bearer</c>, a publishable one as <c>?key=</c>, or in the cookie of a browser that looks.</summary>
internal sealed class ApiKeyHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, KeyRing keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Name = "ApiKey";

    /// <summary>How a caller with a publishable key was recognised: many callers have the same one.</summary>
    public const string Publishable = "Publishable";

    public const string Header = "X-Api-Key";
    private const string Bearer = "Bearer ";

    /// <summary>The token after <c>Authorization: Bearer</c>; null if there is none.</summary>
    public static string? BearerOf(HttpRequest request) =>
        request.Headers.Authorization is [{ } value] && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? value[Bearer.Length..].Trim() : null;

    /// <summary>The key in the headers of a request, be it one or not; null if there is none.</summary>
    public static string? KeyOf(HttpRequest request) => request.Headers[Header] is [{ } sent] ? sent : BearerOf(request);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var inAddress = Context.Features.Get<KeyInAddress>()?.Key;
        if ((KeyOf(Request) ?? inAddress ?? SessionCookie.KeyOf(Request)) is not { } text) return AuthenticateResult.NoResult();
        var (answer, key) = await keys.Find(text);
        if (answer is KeyAnswer.NotKnowable) return AuthenticateResult.Fail(new KeysUnreadableException());
        if (key is null) return AuthenticateResult.Fail("The key is not known here, has expired or was revoked.");
        if (ReferenceEquals(text, inAddress) && !key.IsPublishable)
            return AuthenticateResult.Fail($"A secret key does not belong into an address, where others can read it: send it in the header {Header}, and replace this one.");
        if (key.IsPublishable && Misuse(key) is { } misuse)
        {
            Context.Features.Set(new Misuse(misuse));
            return AuthenticateResult.Success(new(Caller.Of(Publishable, key.Id, Scope.None), Name));
        }

        return AuthenticateResult.Success(new(key.Caller, Name));
    }

    private string? Misuse(ApiKey key)
    {
        if (!HttpMethods.IsPost(Request.Method)) return "A publishable key is only good for sending events: POST.";
        return Request.Headers.Origin is [{ } origin] && key.Origins.Contains(origin, StringComparer.Ordinal)
            ? null
            : "A publishable key is only good for pages of the origins that it was made for, and the header Origin names none of them.";
    }
}

/// <summary>Why a caller that is known may not do this, in words; a feature of the request.</summary>
internal sealed record Misuse(string Detail);

/// <summary>Whether the key is good cannot be said now.</summary>
internal sealed class KeysUnreadableException() : Exception("The keys cannot be read at the moment.");
