using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Dev.Protocol;
using Xunit;

namespace Orleans.Counter.Tests.Dev;

public sealed class ClaimsTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    private readonly Claims _claims;

    public ClaimsTests() => _claims = new Claims(new Dictionary<string, string> { ["one"] = "secret", ["two"] = "other" }, _clock);

    [Theory]
    [InlineData("one", "secret")]
    [InlineData("two", "other")]
    public void A_token_signed_with_any_key_opens_its_hub_until_it_expires(string name, string key)
    {
        Assert.Equal(202, _claims.Put("sb://localhost:5672/counts/Partitions/1", Sas("sb://localhost:5672/counts", name, key)).Status);

        Assert.True(_claims.Allow("COUNTS"));
        Assert.True(_claims.AllowAny());
        Assert.False(_claims.Allow("count"));
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.False(_claims.Allow("counts"));
        Assert.False(_claims.AllowAny());
    }

    [Fact]
    public void A_token_for_the_namespace_opens_every_hub()
    {
        Assert.Equal(202, _claims.Put("sb://localhost:5672/", Sas("sb://localhost:5672/", "one", "secret")).Status);
        Assert.True(_claims.Allow("anything"));
    }

    [Fact]
    public void A_token_that_does_not_fit_is_refused()
    {
        string[] bad =
        [
            Sas("sb://localhost/counts", "one", "wrong"),
            Sas("sb://localhost/counts", "three", "secret"),
            Sas("sb://localhost/others", "one", "secret"),
            Sas("sb://localhost/counts", "one", "secret", TimeSpan.FromSeconds(-1)),
            Sas("sb://localhost/counts", "one", "secret").Replace("&se=", "&ex=", StringComparison.Ordinal),
            "SharedAccessSignature sr=a&sig=!&se=x&skn=one",
            "", "nonsense", "a.b.c",
            Jwt("""{"aud":"https://eventhubs.azure.net"}"""),
            Jwt("""{"aud":"https://storage.azure.com","exp":1999999999}"""),
            Jwt("""{"aud":"https://eventhubs.azure.net","exp":1000000000}"""),
            Jwt("""["exp"]"""),
        ];
        foreach (var token in bad)
            Assert.Equal(401, _claims.Put("sb://localhost/counts", token).Status);
        Assert.False(_claims.AllowAny());
    }

    [Fact]
    public void A_jwt_is_taken_at_its_word()
    {
        Assert.Equal(202, _claims.Put("sb://localhost/counts", Jwt("""{"aud":"https://eventhubs.azure.net/","exp":1999999999}""")).Status);
        Assert.True(_claims.Allow("counts"));
    }

    private string Sas(string resource, string name, string key, TimeSpan? validFor = null)
    {
        var encoded = Uri.EscapeDataString(resource);
        var expiry = (_clock.GetUtcNow() + (validFor ?? TimeSpan.FromHours(1))).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = Convert.ToBase64String(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(encoded + "\n" + expiry)));
        return $"SharedAccessSignature sr={encoded}&sig={Uri.EscapeDataString(signature)}&se={expiry}&skn={name}";
    }

    private static string Jwt(string payload) => $"e30.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.x";
}
