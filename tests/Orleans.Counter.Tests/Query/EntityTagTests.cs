using System.Net;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>Answers about archived days say in which edition they are, and are not sent again to who has them.</summary>
public sealed class EntityTagTests(QueryHttpTests.Running running) : IClassFixture<QueryHttpTests.Running>, IAsyncLifetime
{
    private static readonly DateOnly Archived = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-10);
    private static readonly string Old = $"from={Archived.AddDays(-20):yyyy-MM-dd}T00:00:00Z&to={Archived.AddDays(1):yyyy-MM-dd}T00:00:00Z";
    private static readonly string Young = $"from={Archived.AddDays(-20):yyyy-MM-dd}T00:00:00Z&to={Archived.AddDays(1):yyyy-MM-dd}T00:01:00Z";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await running.Archive(Archived);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory, InlineData("count?"), InlineData("stats?"), InlineData("series?granularity=day&timeZone=Asia/Tokyo&")]
    public async Task An_answer_about_archived_days_has_a_tag_and_is_confirmed_by_it(string question)
    {
        var address = $"/v1/videos/kittens/{question}{Old}";
        using var answer = await Ask(address);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("no-cache, private", answer.Headers.CacheControl!.ToString());
        var tag = answer.Headers.ETag!.ToString();

        foreach (var known in (string[])[tag, $"\"another\", W/{tag}", "*"])
        {
            using var again = await Ask(address, known);
            Assert.Equal((HttpStatusCode.NotModified, tag, ""), (again.StatusCode, again.Headers.ETag?.ToString(), await again.Content.ReadAsStringAsync(Token)));
        }

        using var other = await Ask(address, "\"another\"");
        Assert.Equal((HttpStatusCode.OK, tag), (other.StatusCode, other.Headers.ETag?.ToString()));
        using var differs = await Ask($"{address}&type=like", tag);
        Assert.Equal(HttpStatusCode.OK, differs.StatusCode);
        Assert.NotEqual(tag, differs.Headers.ETag!.ToString());
    }

    [Fact]
    public async Task An_answer_that_events_may_still_change_has_no_tag_and_is_not_kept()
    {
        foreach (var question in (string[])[$"count?{Young}", "count", $"series?{Young}", $"stats?to={Archived.AddDays(2):yyyy-MM-dd}T00:00:00Z"])
        {
            using var answer = await Ask($"/v1/videos/kittens/{question}", "*");
            Assert.Equal((HttpStatusCode.OK, null, "no-store"), (answer.StatusCode, answer.Headers.ETag, answer.Headers.CacheControl!.ToString()));
        }
    }

    [Fact]
    public async Task A_correction_makes_another_edition()
    {
        var address = $"/v1/videos/corrected/count?{Old}";
        using var before = await Ask(address);
        await running.Post("/v1/admin/corrections", $$"""{"id":"c1","videoId":"corrected","minute":"{{Archived:yyyy-MM-dd}}T10:05:00Z","count":40,"reason":"found again"}""");

        using var after = await Ask(address, before.Headers.ETag!.ToString());

        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        Assert.Contains("\"count\":40", await after.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        Assert.NotEqual(before.Headers.ETag, after.Headers.ETag);
    }

    private async Task<HttpResponseMessage> Ask(string address, string? known = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (known is not null) request.Headers.TryAddWithoutValidation("If-None-Match", known);
        return await running.Http.SendAsync(request, Token);
    }
}
