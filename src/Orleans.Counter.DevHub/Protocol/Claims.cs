using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>What a connection has proved with its tokens.</summary>
/// <remarks>
/// A SAS token must be signed with a key of this hub. A JWT is taken at its word, if it is for Event Hubs and has not expired: there is no authority on a
/// laptop to ask. A token opens its hub as a whole, or every hub if its audience names none.
/// </remarks>
internal sealed class Claims(IReadOnlyDictionary<string, string> keys, TimeProvider time)
{
    private const string SasPrefix = "SharedAccessSignature ";
    private const string JwtAudience = "https://eventhubs.azure.net";

    private readonly ConcurrentDictionary<string, DateTimeOffset> _expiries = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Checks a token, and remembers what it opens.</summary>
    /// <param name="audience">What it is for: <c>sb://host/hub…</c>.</param>
    /// <param name="token">What decides how it is checked: some clients send a SAS token with the label of a JWT.</param>
    /// <returns>The HTTP status and text to answer.</returns>
    public (int Status, string Description) Put(string audience, string token)
    {
        DateTimeOffset? expiry;
        string? fault;
        try
        {
            (expiry, fault) = token.StartsWith(SasPrefix, StringComparison.Ordinal) ? CheckSas(audience, token[SasPrefix.Length..]) : CheckJwt(token);
        }
        catch (Exception e) when (e is FormatException or JsonException or ArgumentException)
        {
            (expiry, fault) = (null, "MalformedToken: The token cannot be read.");
        }

        if (fault is null && expiry <= time.GetUtcNow())
            fault = "ExpiredToken: The token is expired.";
        if (fault is not null || expiry is null)
            return (401, fault ?? "MalformedToken: The token has no expiry.");
        _expiries[EntityPath.Parse(audience).Hub] = expiry.Value;
        return (202, "Accepted");
    }

    /// <summary>True while a token for this hub, or for all hubs, is valid.</summary>
    public bool Allow(string hub) => IsLive(hub) || IsLive("");

    /// <summary>True while any token is valid.</summary>
    public bool AllowAny() => _expiries.Keys.Any(IsLive);

    private bool IsLive(string hub) => _expiries.TryGetValue(hub, out var expiry) && expiry > time.GetUtcNow();

    private (DateTimeOffset? Expiry, string? Fault) CheckSas(string audience, string fields)
    {
        var values = fields.Split('&').Select(field => field.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]);
        if (!values.TryGetValue("sr", out var resource) || !values.TryGetValue("sig", out var signature)
            || !values.TryGetValue("se", out var expires) || !values.TryGetValue("skn", out var keyName))
        {
            return (null, "MalformedToken: The token lacks a field.");
        }

        if (!keys.TryGetValue(Uri.UnescapeDataString(keyName), out var key))
            return (null, "InvalidSignature: The token names an unknown key.");
        var expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(resource + "\n" + expires));
        if (!CryptographicOperations.FixedTimeEquals(expected, Convert.FromBase64String(Uri.UnescapeDataString(signature))))
            return (null, "InvalidSignature: The token has an invalid signature.");
        var opens = EntityPath.Parse(Uri.UnescapeDataString(resource)).Hub;
        if (opens.Length > 0 && !opens.Equals(EntityPath.Parse(audience).Hub, StringComparison.OrdinalIgnoreCase))
            return (null, "InvalidAudience: The token is for another resource.");
        return (DateTimeOffset.FromUnixTimeSeconds(long.Parse(expires, NumberStyles.None, CultureInfo.InvariantCulture)), null);
    }

    private static (DateTimeOffset? Expiry, string? Fault) CheckJwt(string token)
    {
        if (token.Split('.') is not [_, var payload, _])
            return (null, "MalformedToken: The token is neither a SAS token nor a JWT.");
        using var json = JsonDocument.Parse(Base64Url.DecodeFromChars(payload));
        if (json.RootElement.ValueKind != JsonValueKind.Object
            || !json.RootElement.TryGetProperty("aud", out var audience) || audience.ValueKind != JsonValueKind.String
            || !audience.GetString()!.TrimEnd('/').Equals(JwtAudience, StringComparison.OrdinalIgnoreCase))
        {
            return (null, $"InvalidAudience: The token is not for '{JwtAudience}'.");
        }

        return json.RootElement.TryGetProperty("exp", out var expiry) && expiry.TryGetInt64(out var seconds)
            ? (DateTimeOffset.FromUnixTimeSeconds(seconds), null)
            : (null, null);
    }
}
