using System.Security.Claims;

namespace Orleans.Counter.Security;

/// <summary>A key as the table knows it: who has it can be recognised, and nobody can be made from it.</summary>
/// <param name="Id">The part of the key that is no secret.</param>
/// <param name="Name">Who has it, in the operator's words.</param>
/// <param name="Hash">SHA-256 of the whole key; null: it is publishable, and its id is all there is to it.</param>
/// <param name="Scopes">What it may do. Of a publishable key: ingest.</param>
/// <param name="Origins">Of a publishable key: the origins whose pages may send it, as browsers write them.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">From when on it is good for nothing; null: never.</param>
/// <param name="RevokedAt">When it was taken back; null: it was not.</param>
internal sealed record ApiKey(
    string Id, string Name, byte[]? Hash, Scope Scopes, IReadOnlyList<string> Origins, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt)
{
    public bool IsPublishable => Hash is null;

    /// <summary>Who calls with it. Made once, not with every request.</summary>
    public ClaimsPrincipal Caller { get; } = Security.Caller.Of(Hash is null ? ApiKeyHandler.Publishable : ApiKeyHandler.Name, Id, Scopes);

    /// <summary>True if it is good for something at this time.</summary>
    public bool IsGood(DateTimeOffset now) => RevokedAt is null && !(ExpiresAt <= now);
}
