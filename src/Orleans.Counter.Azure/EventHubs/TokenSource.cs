using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Core;

namespace Orleans.Counter.EventHubs;

/// <summary>A token for one audience. Not a record: nothing may print it.</summary>
internal sealed class CbsToken(string value, string type, DateTimeOffset expiresAt)
{
    public string Value { get; } = value;

    public string Type { get; } = type;

    public DateTimeOffset ExpiresAt { get; } = expiresAt;
}

/// <summary>Makes or fetches the tokens that open a hub's entities.</summary>
internal interface ITokenSource
{
    /// <summary>A token that is good from <paramref name="now"/> on.</summary>
    ValueTask<CbsToken> Get(string audience, DateTimeOffset now, CancellationToken cancellationToken);
}

/// <summary>Shared access signatures: the key signs the audience and the hour that the token lives.</summary>
internal sealed class SharedKeyTokens(string keyName, string key) : ITokenSource
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly byte[] _key = Encoding.UTF8.GetBytes(key);

    public ValueTask<CbsToken> Get(string audience, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var expiresAt = now + Lifetime;
        return new(new CbsToken(Sign(audience, expiresAt), "servicebus.windows.net:sastoken", expiresAt));
    }

    public string Sign(string audience, DateTimeOffset expiresAt)
    {
        var resource = Uri.EscapeDataString(audience);
        var expiry = expiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{resource}\n{expiry}")));
        return $"SharedAccessSignature sr={resource}&sig={Uri.EscapeDataString(signature)}&se={expiry}&skn={Uri.EscapeDataString(keyName)}";
    }
}

/// <summary>Entra ID tokens, which the credential caches and renews.</summary>
internal sealed class EntraTokens(TokenCredential credential) : ITokenSource
{
    private static readonly string[] Scopes = ["https://eventhubs.azure.net/.default"];

    public async ValueTask<CbsToken> Get(string audience, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var token = await credential.GetTokenAsync(new TokenRequestContext(Scopes), cancellationToken).ConfigureAwait(false);
        return new CbsToken(token.Token, "jwt", token.ExpiresOn);
    }
}
