using System.Net;
using Orleans.Counter.Security;
using Orleans.Counter.Tests.Http;
using Xunit;

namespace Orleans.Counter.Tests.Security;

/// <summary>A browser that sends a key once, and a cookie from then on.</summary>
public sealed class SessionTests
{
    private const string Session = "/v1/session";

    [Fact]
    public async Task A_key_becomes_a_cookie_that_no_script_reads_and_no_other_site_sends()
    {
        await using var host = await KeyHost.Start();
        using var answer = await host.Send("POST", Session, $"X-Api-Key: {host.Keys.Secret(Scope.Read)}");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(["__Host-counter", "httponly", "path=/", "samesite=strict", "secure"], Cookie(answer).Split("; ").Select(part => part.StartsWith(SessionCookie.Name, StringComparison.Ordinal) ? SessionCookie.Name : part).Order(StringComparer.Ordinal));
    }

    [Theory, InlineData("X-Api-Key: {0}"), InlineData("Authorization: Bearer {0}")]
    public async Task The_cookie_opens_what_its_key_may_read(string header)
    {
        await using var host = await KeyHost.Start();
        var key = host.Keys.Secret(Scope.Read | Scope.Admin);
        var cookie = await LogIn(host, string.Format(null, header, key));

        Assert.Equal(HttpStatusCode.OK, await Asked(host, cookie));
        var session = await host.Ask("GET", Session, cookie);
        Assert.Equal((HttpStatusCode.OK, $$"""{"key":"{{MemoryKeys.IdOf(key)}}","scopes":["read","admin"]}"""), (session.Status, session.Body!.ToJsonString()));
    }

    [Fact]
    public async Task The_cookie_changes_nothing_whatever_its_key_may_do()
    {
        await using var host = await KeyHost.Start();
        var cookie = await LogIn(host, $"X-Api-Key: {host.Keys.Secret(Scopes.All)}");

        (await host.Ask("POST", "/v1/videos/v/views", cookie)).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        (await host.Ask("POST", Session, cookie)).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
    }

    [Fact]
    public async Task Without_the_scope_read_there_is_no_cookie()
    {
        await using var host = await KeyHost.Start();
        using var answer = await host.Send("POST", Session, $"X-Api-Key: {host.Keys.Secret(Scope.Ingest | Scope.Manage)}");

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task What_is_no_secret_key_is_none_in_a_cookie_either()
    {
        await using var host = await KeyHost.Start();

        (await host.Ask("GET", "/asked", $"Cookie: {SessionCookie.Name}=secret")).IsProblem(HttpStatusCode.Unauthorized, "unauthenticated");
        (await host.Ask("GET", "/asked", $"Cookie: {SessionCookie.Name}={host.Keys.Publishable("https://a.example")}")).IsProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task The_cookie_is_good_for_nothing_when_its_key_is_revoked()
    {
        await using var host = await KeyHost.Start();
        var key = host.Keys.Secret(Scope.Read);
        var cookie = await LogIn(host, $"X-Api-Key: {key}");
        Assert.Equal(HttpStatusCode.OK, await Asked(host, cookie));

        await host.Keys.Revoke(MemoryKeys.IdOf(key), host.Time.GetUtcNow(), TestContext.Current.CancellationToken);
        host.Time.Advance(KeyRing.Pace);

        var status = HttpStatusCode.OK;
        while (status is HttpStatusCode.OK) status = await Asked(host, cookie); // The table is read in the background.
        Assert.Equal(HttpStatusCode.Unauthorized, status);
    }

    [Fact]
    public async Task A_key_in_a_header_counts_and_not_the_one_in_the_cookie()
    {
        await using var host = await KeyHost.Start();
        var cookie = await LogIn(host, $"X-Api-Key: {host.Keys.Secret(Scope.Read)}");

        (await host.Ask("GET", "/asked", cookie, $"X-Api-Key: {host.Keys.Secret(Scope.Ingest)}")).IsProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task The_end_of_a_session_takes_the_cookie_away()
    {
        await using var host = await KeyHost.Start();
        using var answer = await host.Send("DELETE", Session);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(
            ["__Host-counter=", "expires=Thu, 01 Jan 1970 00:00:00 GMT", "httponly", "path=/", "samesite=strict", "secure"],
            Cookie(answer).Split("; ").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Where_nobody_needs_a_key_nobody_gets_a_cookie()
    {
        await using var service = await WholeService.Start();
        using var begun = await service.Send("POST", Session, "X-Api-Key: whatever");
        var session = await service.Ask("GET", Session);

        Assert.Equal((HttpStatusCode.NoContent, false), (begun.StatusCode, begun.Headers.Contains("Set-Cookie")));
        Assert.Equal("""{"key":null,"scopes":["ingest","read","manage","admin"]}""", session.Body!.ToJsonString());
    }

    private static async Task<HttpStatusCode> Asked(KeyHost host, string cookie)
    {
        using var answer = await host.Send("GET", "/asked", cookie);
        return answer.StatusCode;
    }

    private static async Task<string> LogIn(KeyHost host, string header)
    {
        using var answer = await host.Send("POST", Session, header);
        return $"Cookie: {Cookie(answer).Split(';')[0]}";
    }

    private static string Cookie(HttpResponseMessage answer) => Assert.Single(answer.Headers.GetValues("Set-Cookie"));
}
