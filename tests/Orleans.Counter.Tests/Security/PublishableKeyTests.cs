using System.Net;
using Microsoft.Extensions.Logging;
using Orleans.Counter.Security;
using Xunit;

namespace Orleans.Counter.Tests.Security;

/// <summary>Keys that stand in web pages, where everybody can read them.</summary>
public sealed class PublishableKeyTests
{
    private const string Page = "https://www.example.com";

    [Fact]
    public async Task A_publishable_key_sends_events_from_its_pages_and_does_nothing_else()
    {
        await using var host = await KeyHost.Start();
        var key = host.Keys.Publishable("https://example.com", Page);

        (await host.Ask("POST", "/v1/videos/v/views", $"X-Api-Key: {key}", $"Origin: {Page}")).IsAccepted(1);
        (await host.Ask("POST", $"/v1/videos/v/views?key={key}", $"Origin: {Page}")).IsAccepted(1);
        (await host.Ask("POST", $"/v1/videos/v/views?a=b&%6Bey={key}&c", $"Origin: {Page}")).IsAccepted(1);
        (await host.Ask("GET", "/asked", $"X-Api-Key: {key}", $"Origin: {Page}")).IsProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("http://www.example.com")]
    [InlineData("https://www.example.com:444")]
    [InlineData("https://www.example.com.evil.example")]
    [InlineData("null")]
    [InlineData(null)]
    public async Task Another_page_may_not_use_it(string? origin)
    {
        await using var host = await KeyHost.Start();
        var key = $"X-Api-Key: {host.Keys.Publishable(Page)}";

        var answer = await host.Ask("POST", "/v1/videos/v/views", origin is null ? [key] : [key, $"Origin: {origin}"]);

        Assert.Contains("Origin", answer.IsProblem(HttpStatusCode.Forbidden, "forbidden").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_key_in_an_address_is_refused_because_others_can_read_it_there()
    {
        await using var host = await KeyHost.Start();
        var answer = await host.Ask("POST", $"/v1/videos/v/views?key={host.Keys.Secret(Scope.Ingest)}");

        Assert.Contains("replace", answer.IsProblem(HttpStatusCode.Unauthorized, "unauthenticated").Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Browsers_are_told_which_pages_may_send_a_key_before_they_do()
    {
        await using var host = await KeyHost.Start();
        host.Keys.Publishable(Page);

        using var own = await host.Send("OPTIONS", "/v1/events", $"Origin: {Page}", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-api-key, content-type");
        using var foreign = await host.Send("OPTIONS", "/v1/events", "Origin: https://evil.example", "Access-Control-Request-Method: POST");

        Assert.Equal((HttpStatusCode.NoContent, Page), (own.StatusCode, own.Headers.GetValues("Access-Control-Allow-Origin").Single()));
        Assert.False(own.Headers.Contains("Access-Control-Allow-Credentials"));
        Assert.False(foreign.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("/v1/events", "unsupported_media_type")]
    [InlineData("/v1/videos/a%20b/views", "no_valid_event")]
    public async Task A_page_may_read_why_it_was_refused(string path, string code)
    {
        await using var host = await KeyHost.Start();
        using var answer = await host.Send("POST", path, $"X-Api-Key: {host.Keys.Publishable(Page)}", $"Origin: {Page}");

        (await Ingest.Answer.Read(answer)).IsProblem(answer.StatusCode, code);
        Assert.Equal(Page, answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("Retry-After,Counter-Ack", string.Join(',', answer.Headers.GetValues("Access-Control-Expose-Headers")));
    }

    [Theory, InlineData("Open"), InlineData("ApiKey")]
    public async Task No_page_may_use_another_endpoint(string mode)
    {
        await using var host = await KeyHost.Start(("Auth:Mode", mode));
        host.Keys.Publishable(Page);

        using var asked = await host.Send("GET", "/asked", $"X-Api-Key: {host.Keys.Secret(Scope.Read)}", $"Origin: {Page}");
        using var preflight = await host.Send("OPTIONS", "/asked", $"Origin: {Page}", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: x-api-key");

        Assert.Equal(HttpStatusCode.OK, asked.StatusCode);
        Assert.DoesNotContain(asked.Headers.Concat(preflight.Headers), header => header.Key.StartsWith("Access-Control-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task In_open_mode_every_page_may_send_events()
    {
        await using var host = await KeyHost.Start(("Auth:Mode", "Open"));
        using var answer = await host.Send("POST", "/v1/videos/v/views", "Origin: https://anywhere.example");

        Assert.Equal((HttpStatusCode.Accepted, "*"), (answer.StatusCode, answer.Headers.GetValues("Access-Control-Allow-Origin").Single()));
    }

    [Theory, InlineData("/v1/videos/v/views", "ApiKey"), InlineData("/throws", "Open"), InlineData("/nowhere", "ApiKey")]
    public async Task A_key_in_an_address_is_in_no_log_no_trace_and_no_tag_of_a_metric(string path, string mode)
    {
        using var seen = new Overheard();
        await using var host = await KeyHost.Start(builder => builder.Logging.AddProvider(seen), ("Auth:Mode", mode), ("Logging:LogLevel:Default", "Trace"), ("Logging:LogLevel:Microsoft", "Trace"),
            ("Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Trace"));
        var key = host.Keys.Publishable(Page);

        (await host.Send(path is "/throws" ? "GET" : "POST", $"{path}?other=seen&key={key}", $"Origin: {Page}")).Dispose();
        await host.App.StopAsync(TestContext.Current.CancellationToken);

        Assert.Contains(seen.Lines, line => line.Contains("other=seen", StringComparison.Ordinal));
        Assert.DoesNotContain(seen.Lines, line => line.Contains(MemoryKeys.IdOf(key), StringComparison.Ordinal));
    }
}
