using System.Net;
using System.Text.RegularExpressions;
using Orleans.Counter.Tests.Http;
using Xunit;

namespace Orleans.Counter.Tests.Page;

/// <summary>The files of the page, as a browser gets them. What the page does with them: <c>PageTests</c>, in a browser.</summary>
public sealed partial class PageStageTests(RunningService running) : IClassFixture<RunningService>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_and_all_that_it_names_is_there_and_runs_nothing_of_others()
    {
        var named = new Queue<string>(["/"]);
        var seen = new HashSet<string>();
        while (named.TryDequeue(out var address))
        {
            if (!seen.Add(address)) continue;
            using var answer = await running.Service.Send("GET", address);
            var text = await answer.Content.ReadAsStringAsync(Stop);

            Assert.Equal((address, HttpStatusCode.OK), (address, answer.StatusCode));
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
            Assert.True(answer.Headers.CacheControl!.NoCache);
            if (address.StartsWith("/uplot/", StringComparison.Ordinal)) continue;
            foreach (var name in Named().Matches(text).Select(match => match.Groups["name"].Value)) named.Enqueue($"/{name}");
        }

        Assert.Equal(["/", "/chart.js", "/icon.svg", "/page.css", "/page.js", "/service.js", "/uplot/uPlot.iife.min.js", "/uplot/uPlot.min.css"], seen.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/", "text/html")]
    [InlineData("/page.js", "text/javascript")]
    [InlineData("/page.css", "text/css")]
    [InlineData("/icon.svg", "image/svg+xml")]
    public async Task A_file_says_what_it_is_and_is_sent_once(string address, string mediaType)
    {
        using var first = await running.Service.Send("GET", address);
        using var again = await running.Service.Send("GET", address, $"If-None-Match: {first.Headers.ETag}");

        Assert.Equal((mediaType, HttpStatusCode.NotModified), (first.Content.Headers.ContentType!.MediaType, again.StatusCode));
        Assert.Empty(await again.Content.ReadAsByteArrayAsync(Stop));
    }

    [Theory, InlineData("/page.txt"), InlineData("/uplot/"), InlineData("/..%2fappsettings.json"), InlineData("/uplot/../../appsettings.json")]
    public async Task Nothing_else_is_served(string address) => (await running.Service.Ask("GET", address)).IsProblem(HttpStatusCode.NotFound, "not_found");

    // In a tag, or in an import.
    [GeneratedRegex("""(?:href="|src="|from "\./)(?<name>[A-Za-z/.]+\.[a-z]+)"\s*""")]
    private static partial Regex Named();
}
