using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Orleans.Counter.Tests.Azure.River;
using Orleans.Counter.Tests.Azure.Security;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Counter.Tests.Azure.Page;

/// <summary>The page and the dashboard, as somebody sees them who opens them in a browser; with the whole service behind them.</summary>
[Collection(nameof(RiverCollection))]
public sealed partial class PageTests(Browser browser, PageTests.Running running) : IClassFixture<Browser>, IClassFixture<PageTests.Running>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_video_is_found_in_the_list_and_its_count_grows_while_one_looks()
    {
        await Count("seen", 3);
        await using var opened = await browser.Open(running.Counter.Url);
        var page = opened.Page;

        await page.GetByRole(AriaRole.Link, new() { NameRegex = Seen() }).ClickAsync(new() { Timeout = 60_000 }); // lists are a little behind

        await Expect(page.Locator("#video-heading")).ToHaveTextAsync("seen");
        await Expect(page.Locator("#total output")).ToHaveTextAsync("3");
        await Expect(page.Locator("#stats")).ToContainTextAsync("3");
        await Expect(page.Locator("#chart canvas")).ToBeVisibleAsync();
        await Count("seen", 2);
        await Expect(page.Locator("#total output")).ToHaveTextAsync("5");
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task A_link_shows_what_its_sender_saw_in_the_time_zone_that_it_names()
    {
        var noon = DateTimeOffset.UtcNow.Date.AddDays(-2).AddHours(12);
        using var sent = await running.Counter.Http.PostAsJsonAsync("/v1/events", new
        {
            events = new object[]
            {
                new { videoId = "linked", type = "watch", timestamp = $"{noon:yyyy-MM-dd}T12:05:00Z", value = 2.5 },
                new { videoId = "linked", type = "watch", timestamp = $"{noon:yyyy-MM-dd}T12:06:00Z", value = 4 },
                new { videoId = "linked", type = "watch", timestamp = $"{noon:yyyy-MM-dd}T13:59:00Z", value = 1 },
            },
        }, Token);
        using var described = await running.Counter.Http.PutAsJsonAsync("/v1/videos/linked", new { title = "<b>Cats</b> & \"dogs\"", channelId = "pets" }, Token);
        await Counted("linked", "watch", 3);

        await using var opened = await browser.Open(new(running.Counter.Url, "#video=linked&type=watch&range=168&granularity=hour&zone=UTC"));
        var page = opened.Page;

        await Expect(page.Locator("#video-heading")).ToHaveTextAsync("<b>Cats</b> & \"dogs\"");
        await Expect(page.Locator("#about")).ToContainTextAsync("channel pets");
        await page.GetByText("As a table").ClickAsync();
        await Expect(page.Locator("#points tr")).ToHaveTextAsync([Row($"{noon:yyyy-MM-dd} 12:00", "2", "6.5", "2.5", "4"), Row($"{noon:yyyy-MM-dd} 13:00", "1", "1", "1", "1")]);

        await page.GetByLabel("Time zone").SelectOptionAsync(new SelectOptionValue { Index = 0 }); // that of the browser, 5 hours and 45 minutes ahead
        await Expect(page.Locator("#points tr")).ToHaveTextAsync([Row($"{noon:yyyy-MM-dd} 17:00", "2", "6.5", "2.5", "4"), Row($"{noon:yyyy-MM-dd} 19:00", "1", "1", "1", "1")]);
        Assert.Empty(opened.Complaints);
    }

    [Fact]
    public async Task A_range_that_one_chooses_begins_with_the_one_that_was_shown_and_what_cannot_be_answered_is_told()
    {
        await Count("ranged", 1);
        await using var opened = await browser.Open(new(running.Counter.Url, "#video=ranged&zone=UTC"));
        var page = opened.Page;
        await Expect(page.Locator("#total output")).ToHaveTextAsync("1");

        await page.Locator("[name=range]").SelectOptionAsync("from … to");
        await Expect(page.Locator("[name=from]")).ToHaveValueAsync(LocalTime());
        await Expect(page.Locator("#stats dd").First).ToHaveTextAsync("1");

        await page.Locator("[name=from]").FillAsync("2020-01-01T00:00");
        await page.Locator("[name=granularity]").SelectOptionAsync("minute");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("granularity");
    }

    [Fact]
    public async Task Where_keys_are_asked_for_one_logs_in_once_and_sees_what_the_key_may_see()
    {
        await Count("locked", 1);
        await using var opened = await browser.Open(new(running.Closed.BaseAddress!, "#video=locked"));
        var page = opened.Page;
        var key = page.GetByLabel("Key");

        await key.FillAsync("oc_wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("not known here");

        await key.FillAsync(running.Reader);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await Expect(page.Locator("#total output")).ToHaveTextAsync("1");
        await Expect(page.Locator("#dashboard")).ToBeHiddenAsync();
        Assert.Equal("", await page.EvaluateAsync<string>("document.cookie"));

        await page.ReloadAsync();
        await Expect(page.Locator("#total output")).ToHaveTextAsync("1");

        await page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
        await Expect(key).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Expect(key).ToBeVisibleAsync();
        await Expect(page.Locator("main")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Who_has_a_key_with_the_scope_admin_sees_the_silos_and_grains_by_way_of_an_api_too()
    {
        await using var opened = await browser.Open(running.Closed.BaseAddress!);
        var page = opened.Page;
        await page.GetByLabel("Key").FillAsync(running.Operator);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Silos and grains" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "ShardGrain" }).First).ToBeVisibleAsync(new() { Timeout = 60_000 });
        Assert.EndsWith("/dashboard/", new Uri(page.Url).AbsolutePath, StringComparison.Ordinal);
        Assert.Equal(404, (await page.Context.APIRequest.GetAsync(new Uri(running.Closed.BaseAddress!, "/dashboard/SiloProperties/nobody").AbsoluteUri)).Status);
        Assert.DoesNotContain(opened.Complaints, complaint => complaint.Contains("Content Security Policy", StringComparison.Ordinal));
    }

    private async Task Count(string video, int views)
    {
        for (var i = 0; i < views; i++) (await running.Counter.Http.PostAsync($"/v1/videos/{video}/views", null, Token)).EnsureSuccessStatusCode();
        running.Expected[video] = running.Expected.GetValueOrDefault(video) + views;
        await Counted(video, "view", running.Expected[video]);
    }

    private Task<long> Counted(string video, string type, long count) => Eventually.Answers(
        async token => (await running.Counter.Http.GetFromJsonAsync<CountOf>($"/v1/videos/{video}/count?type={type}", token))!.Count, counted => counted == count);

    private static string Row(params string[] cells) => string.Concat(cells);

    private sealed record CountOf(long Count);

    [GeneratedRegex("^seen ?3$")]
    private static partial Regex Seen();

    [GeneratedRegex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$")]
    private static partial Regex LocalTime();

    /// <summary>A service that asks nobody for a key, and an API of the same cluster that does.</summary>
    public sealed class Running : IAsyncLifetime
    {
        public LocalCounter Counter { get; private set; } = null!;

        public HttpClient Closed { get; private set; } = null!;

        public string Reader { get; private set; } = "";

        public string Operator { get; private set; } = "";

        internal Dictionary<string, long> Expected { get; } = [];

        public async ValueTask InitializeAsync()
        {
            Counter = await LocalCounter.StartAsync();
            Closed = Counter.Silos[await Counter.AddSilo(role: "api", ("Auth__Mode", "ApiKey")) - 1];
            (Reader, Operator) = (await KeysTests.Create(Counter.Data, "read"), await KeysTests.Create(Counter.Data, "read,admin"));
        }

        public ValueTask DisposeAsync() => Counter.DisposeAsync();
    }
}
