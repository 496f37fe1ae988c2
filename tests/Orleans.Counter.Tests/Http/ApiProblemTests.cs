using System.Net;
using Microsoft.AspNetCore.Builder;
using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Http;

public sealed class ApiProblemTests(EventRulesTests.Running running) : IClassFixture<EventRulesTests.Running>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/nowhere", 404, "not_found")]
    [InlineData("GET", "/v1/events", 405, "method_not_allowed")]
    [InlineData("DELETE", "/v1/videos/v/views", 405, "method_not_allowed")]
    [InlineData("GET", "/throws", 500, "internal_error")]
    public async Task Every_error_has_the_same_form_whatever_the_caller_would_like_to_read(string method, string path, int status, string code)
    {
        using var request = new HttpRequestMessage(new(method), path);
        request.Headers.Add("Accept", "text/html");
        using var response = await running.Host.Http.SendAsync(request, Stop);

        (await Answer.Read(response)).IsProblem((HttpStatusCode)status, code);
        Assert.False(response.Headers.Contains("Server"));
    }

    [Theory, InlineData("late"), InlineData("moved"), InlineData("left"), InlineData("gone")]
    public async Task Who_cannot_be_reached_may_be_reached_later(string what)
    {
        var time = new WatchedTime();
        await using var hub = new MemoryHub(1, time);
        await using var app = IngestHost.Build(hub, time, ["--urls", "http://127.0.0.1:0"]);
        app.MapGet("/asks-a-grain", string () => throw (what switch
        {
            "late" => new TimeoutException("a grain that waits for its storage"),
            "moved" => new StaleWriterException("a video that has just moved"),
            "left" => new TaskCanceledException("a rollup that has moved while it ran"),
            _ => new SiloUnavailableException("a silo that has gone"),
        }));
        await app.StartAsync(Stop);
        using var http = new HttpClient { BaseAddress = new(app.Urls.First()) };
        using var answer = await http.GetAsync(new Uri("/asks-a-grain", UriKind.Relative), Stop);

        Assert.Equal(TimeSpan.FromSeconds(1), (await Answer.Read(answer)).IsProblem(HttpStatusCode.ServiceUnavailable, "unavailable").RetryAfter);
    }

    [Fact]
    public async Task A_failure_of_ours_tells_nothing_of_its_inside()
    {
        var text = await (await running.Host.Http.GetAsync(new Uri("/throws", UriKind.Relative), Stop)).Content.ReadAsStringAsync(Stop);

        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
    }
}
