using System.Security.Claims;

namespace Orleans.Counter.Security;

/// <summary>Who calls, in the form that policies ask: its scopes are its roles.</summary>
internal static class Caller
{
    /// <summary>The claim with the id of the key. Not the key: an id is no secret.</summary>
    public const string KeyId = "key";

    /// <summary>The claim with a scope, as tokens of Entra ID call it.</summary>
    public const string RoleClaim = "roles";

    /// <param name="scheme">How the caller was recognised.</param>
    /// <param name="id">The key's id.</param>
    /// <param name="scopes">What it may do.</param>
    public static ClaimsPrincipal Of(string scheme, string id, Scope scopes) =>
        new(new ClaimsIdentity([new(KeyId, id), .. scopes.Names().Select(name => new Claim(RoleClaim, name))], scheme, KeyId, RoleClaim));
}
