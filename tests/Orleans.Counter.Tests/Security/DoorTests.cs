using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Counter.Security;
using Xunit;

namespace Orleans.Counter.Tests.Security;

/// <summary>How often a caller may call, from where, for how long, and what every answer says besides.</summary>
public sealed class DoorTests
{
    [Fact]
    public async Task An_address_that_calls_too_often_is_told_when_to_come_back()
    {
        await using var host = await KeyHost.Start(("Limits:AddressRequestsPerSecond", "1"));
        for (var i = 0; i < 5; i++) (await host.Ask("POST", "/v1/videos/v/views")).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");

        var refused = (await host.Ask("POST", "/v1/videos/v/views")).IsProblem(HttpStatusCode.TooManyRequests, "rate_limited");

        Assert.Equal(TimeSpan.FromSeconds(1), refused.RetryAfter);
        Assert.Equal(HttpStatusCode.OK, (await host.Ask("GET", "/health/live")).Status);
        (await host.View(host.Keys.Secret(Scope.Ingest))).IsAccepted(1); // A secret key has a limit of its own.
    }

    [Fact]
    public async Task A_key_has_a_limit_of_its_own_wherever_it_calls_from()
    {
        await using var host = await KeyHost.Start(("Limits:KeyRequestsPerSecond", "1"), ("Limits:AddressRequestsPerSecond", "1"));
        var (first, second) = (host.Keys.Secret(Scope.Ingest), host.Keys.Secret(Scope.Ingest));
        for (var i = 0; i < 5; i++) (await host.View(first)).IsAccepted(1);

        (await host.View(first)).IsProblem(HttpStatusCode.TooManyRequests, "rate_limited");
        (await host.View(second)).IsAccepted(1);
    }

    [Fact]
    public async Task All_who_send_a_publishable_key_from_one_address_share_its_limit()
    {
        await using var host = await KeyHost.Start(("Limits:AddressRequestsPerSecond", "1"));
        string[] keys = [host.Keys.Publishable("https://a.example"), host.Keys.Publishable("https://a.example")];
        for (var i = 0; i < 5; i++) (await host.Ask("POST", "/v1/videos/v/views", $"X-Api-Key: {keys[i % 2]}", "Origin: https://a.example")).IsAccepted(1);

        (await host.Ask("POST", "/v1/videos/v/views", $"X-Api-Key: {keys[0]}", "Origin: https://a.example")).IsProblem(HttpStatusCode.TooManyRequests, "rate_limited");
    }

    [Theory]
    [InlineData("127.0.0.0/8", "1", "203.0.113.7", "203.0.113.7")]
    [InlineData("127.0.0.0/8", "1", "198.51.100.1, 203.0.113.7", "203.0.113.7")] // Whatever the caller wrote before the proxy did.
    [InlineData("10.0.0.0/8", "1", "203.0.113.7", "127.0.0.1")]
    [InlineData(null, "1", "203.0.113.7", "127.0.0.1")]
    public async Task Only_proxies_that_are_named_are_believed_where_a_caller_is(string? network, string limit, string said, string believed)
    {
        (string, string)[] settings = network is null ? [("Proxies:ForwardLimit", limit)] : [("Proxies:Networks:0", network), ("Proxies:ForwardLimit", limit)];
        await using var host = await KeyHost.Start(settings);
        using var answer = await host.Send("GET", "/where", $"X-Api-Key: {host.Keys.Secret(Scope.Read)}", $"X-Forwarded-For: {said}");

        Assert.Equal(believed, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_setting_of_the_platform_that_believes_everybody_is_of_no_effect()
    {
        await using var host = await KeyHost.Start(("ForwardedHeaders_Enabled", "true"));
        using var answer = await host.Send("GET", "/where", $"X-Api-Key: {host.Keys.Secret(Scope.Read)}", "X-Forwarded-For: 203.0.113.7");

        Assert.Equal("127.0.0.1", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory, InlineData("/asked", 200), InlineData("/nowhere", 404), InlineData("/throws", 403)]
    public async Task Every_answer_tells_browsers_to_be_careful(string path, int status)
    {
        await using var host = await KeyHost.Start();
        using var answer = await host.Send("GET", path, $"X-Api-Key: {host.Keys.Secret(Scopes.All)}");

        Assert.Equal(status, (int)answer.StatusCode);
        IsCareful(answer);
    }

    [Fact]
    public async Task So_does_the_answer_of_an_endpoint_that_has_failed()
    {
        await using var host = await KeyHost.Start(("Auth:Mode", "Open"));
        using var answer = await host.Send("GET", "/throws");

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        IsCareful(answer);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_answered_before_the_caller_gives_up()
    {
        await using var host = await KeyHost.Start(("Limits:RequestTimeout", "00:00:00.200"));

        (await host.Ask("GET", "/never", $"X-Api-Key: {host.Keys.Secret(Scope.Read)}")).IsProblem(HttpStatusCode.GatewayTimeout, "timeout");
    }

    [Theory]
    [InlineData("Limits:KeyRequestsPerSecond", "0", "KeyRequestsPerSecond")]
    [InlineData("Limits:RequestTimeout", "01:00:00", "RequestTimeout")]
    [InlineData("Proxies:Networks:0", "10.0.0.0/99", "10.0.0.0/8")]
    [InlineData("Auth:KeysWithoutStorage", "10.00:00:00", "KeysWithoutStorage")]
    [InlineData("Auth:EntraId:TenantId", "t", "Auth:EntraId:Audience")]
    [InlineData("Ingest:Types:0", "View", "Ingest:Types")]
    public async Task A_setting_that_cannot_be_meant_is_told_before_the_service_starts(string setting, string value, string named)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => KeyHost.Start((setting, value)));

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    private static void IsCareful(HttpResponseMessage answer) => Assert.Equal(
        ("nosniff", "no-referrer", "default-src 'none'; frame-ancestors 'none'", true),
        (Header(answer, "X-Content-Type-Options"), Header(answer, "Referrer-Policy"), Header(answer, "Content-Security-Policy"), answer.Headers.CacheControl!.NoStore));

    private static string Header(HttpResponseMessage answer, string name) => string.Join(',', answer.Headers.GetValues(name));
}
