using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using Orleans.Counter.Security;
using Xunit;

namespace Orleans.Counter.Tests.Security;

/// <summary>Operators with tokens instead of keys: signed here, by a key that the service is told to trust.</summary>
public sealed class EntraIdTests : IDisposable
{
    private const string Tenant = "11111111-2222-3333-4444-555555555555";
    private const string Audience = "counter-app";
    private const string Issuer = $"https://login.microsoftonline.com/{Tenant}/v2.0";
    private readonly RSA _trusted = RSA.Create(2048);
    private readonly RSA _foreign = RSA.Create(2048);

    [Theory, InlineData(Issuer, Audience), InlineData($"https://sts.windows.net/{Tenant}/", $"api://{Audience}")]
    public async Task A_token_of_the_tenant_may_do_what_its_roles_say(string issuer, string audience)
    {
        await using var host = await Start();
        var token = Token(_trusted, issuer, audience, TimeSpan.FromHours(1), "read");

        Assert.Equal(HttpStatusCode.OK, await Status(host, "GET", "/asked", token));
        Assert.Equal(HttpStatusCode.Forbidden, await Status(host, "POST", "/v1/videos/v/views", token));
    }

    [Fact]
    public async Task Keys_are_good_beside_tokens()
    {
        await using var host = await Start();
        var key = host.Keys.Secret(Scope.Ingest);

        (await host.View(key)).IsAccepted(1);
        Assert.Equal(HttpStatusCode.Accepted, await Status(host, "POST", "/v1/videos/v/views", key));
    }

    [Theory, InlineData("another tenant"), InlineData("another audience"), InlineData("expired"), InlineData("another key"), InlineData("no signature"), InlineData("no token")]
    public async Task Any_other_token_is_refused(string fault)
    {
        await using var host = await Start();
        var token = fault switch
        {
            "another tenant" => Token(_trusted, "https://login.microsoftonline.com/99999999-2222-3333-4444-555555555555/v2.0", Audience, TimeSpan.FromHours(1), "read"),
            "another audience" => Token(_trusted, Issuer, "another", TimeSpan.FromHours(1), "read"),
            "expired" => Token(_trusted, Issuer, Audience, -TimeSpan.FromHours(1), "read"),
            "another key" => Token(_foreign, Issuer, Audience, TimeSpan.FromHours(1), "read"),
            "no signature" => Token(null, Issuer, Audience, TimeSpan.FromHours(1), "read"),
            _ => "nonsense",
        };

        (await host.Ask("GET", "/asked", $"Authorization: Bearer {token}")).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task While_the_tenant_cannot_be_asked_for_its_keys_no_token_is_judged_and_keys_of_ours_are()
    {
        await using var host = await KeyHost.Start(
            builder => builder.Services.Configure<JwtBearerOptions>(EntraId.Scheme, jwt => jwt.BackchannelHttpHandler = new Unreachable()),
            ("Auth:EntraId:TenantId", Tenant), ("Auth:EntraId:Audience", Audience));
        var token = Token(_trusted, Issuer, Audience, TimeSpan.FromHours(1), "read");

        var unknown = await host.Ask("GET", "/asked", $"Authorization: Bearer {token}");

        Assert.Equal(TimeSpan.FromSeconds(5), unknown.IsProblem(HttpStatusCode.ServiceUnavailable, "keys_unavailable").RetryAfter);
        (await host.View(host.Keys.Secret(Scope.Ingest))).IsAccepted(1);
    }

    [Fact]
    public async Task Without_the_setting_no_token_is_taken()
    {
        await using var host = await KeyHost.Start();

        (await host.Ask("GET", "/asked", $"Authorization: Bearer {Token(_trusted, Issuer, Audience, TimeSpan.FromHours(1), "read")}")).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    public void Dispose()
    {
        _trusted.Dispose();
        _foreign.Dispose();
    }

    private sealed class Unreachable : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw new HttpRequestException("There is no way to the tenant.");
    }

    private Task<KeyHost> Start()
    {
        var configuration = new OpenIdConnectConfiguration { Issuer = Issuer };
        configuration.SigningKeys.Add(new RsaSecurityKey(_trusted.ExportParameters(includePrivateParameters: false)));
        return KeyHost.Start(
            builder => builder.Services.Configure<JwtBearerOptions>(EntraId.Scheme, jwt => jwt.Configuration = configuration), // Otherwise it would ask the tenant.
            ("Auth:EntraId:TenantId", Tenant), ("Auth:EntraId:Audience", Audience));
    }

    private static async Task<HttpStatusCode> Status(KeyHost host, string method, string path, string bearer)
    {
        using var answer = await host.Send(method, path, $"Authorization: Bearer {bearer}");
        return answer.StatusCode;
    }

    // The library judges its times by the clock of the machine.
    private static string Token(RSA? key, string issuer, string audience, TimeSpan lifetime, params string[] roles) => new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
    {
        Issuer = issuer,
        Audience = audience,
        NotBefore = DateTime.UtcNow.AddHours(-2),
        Expires = DateTime.UtcNow + lifetime,
        Claims = new Dictionary<string, object> { ["sub"] = "someone", ["roles"] = roles },
        SigningCredentials = key is null ? null : new(new RsaSecurityKey(key), SecurityAlgorithms.RsaSha256),
    });
}
