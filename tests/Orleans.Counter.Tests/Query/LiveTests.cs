using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Counter.Query;
using Orleans.Counter.Tests.Http;
using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>Watching a total, through HTTP.</summary>
public sealed class LiveTests(QueryHttpTests.Running running) : IClassFixture<QueryHttpTests.Running>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_total_comes_first_and_then_every_change()
    {
        await using var watch = await Watch("first");
        Assert.Equal(("0", """{"videoId":"first","type":"view","count":0}"""), await watch.Next());

        running.Send(new Event(VideoId.Parse("first"), DateTimeOffset.UtcNow), new Event(VideoId.Parse("first"), DateTimeOffset.UtcNow));

        Assert.Equal(("2", """{"videoId":"first","type":"view","count":2}"""), await watch.Next());
    }

    [Fact]
    public async Task Who_comes_back_hears_what_was_missed_in_the_total()
    {
        var video = VideoId.Parse("again");
        await using (var watch = await Watch("again", "like")) Assert.Equal("0", (await watch.Next()).Id);
        running.Send(new Event(video, DateTimeOffset.UtcNow, "like"));
        await using var back = await Watch("again", "like", seen: "0");

        while ((await back.Next()).Id is not "1") continue;
    }

    [Fact]
    public async Task All_who_watch_hear_the_same()
    {
        var watches = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Watch("crowd")));
        foreach (var watch in watches) Assert.Equal("0", (await watch.Next()).Id);

        running.Send(new Event(VideoId.Parse("crowd"), DateTimeOffset.UtcNow));

        foreach (var watch in watches) Assert.Equal("1", (await watch.Next()).Id);
        foreach (var watch in watches) await watch.DisposeAsync();
    }

    [Fact]
    public async Task There_is_room_for_ten_thousand_and_who_comes_after_them_is_told_so()
    {
        await using var service = await WholeService.Start();
        var live = service.Services.GetRequiredService<LiveCounts>();
        for (var i = 0; i < 10_000; i++) Assert.True(live.TryEnter());

        Assert.Equal(TimeSpan.FromSeconds(1), (await service.Ask("GET", "/v1/videos/crowded/live")).IsProblem(HttpStatusCode.ServiceUnavailable, "too_many_watchers").RetryAfter);

        live.Leave();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/videos/crowded/live", UriKind.Relative));
        using var answer = await service.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("a%2Fb", "view", "invalid_video_id")]
    [InlineData("kittens", "View", "invalid_type")]
    public async Task A_wrong_question_is_refused(string video, string type, string code)
    {
        using var answer = await running.Http.GetAsync($"/v1/videos/{video}/live?type={type}", Stop);
        (await Answer.Read(answer)).IsProblem(HttpStatusCode.BadRequest, code);
    }

    private async Task<Watching> Watch(string video, string type = "view", string? seen = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"/v1/videos/{video}/live?type={type}"));
        if (seen is not null) request.Headers.Add("Last-Event-ID", seen);
        var answer = await running.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Stop);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        return new(answer, await answer.Content.ReadAsStreamAsync(Stop));
    }

    private sealed class Watching(HttpResponseMessage answer, Stream body) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<SseItem<string>> _events = SseParser.Create(body).EnumerateAsync(Stop).GetAsyncEnumerator();

        public async Task<(string? Id, string Data)> Next()
        {
            Assert.True(await _events.MoveNextAsync());
            Assert.Equal("count", _events.Current.EventType);
            Assert.NotNull(JsonNode.Parse(_events.Current.Data));
            return (_events.Current.EventId, _events.Current.Data);
        }

        public async ValueTask DisposeAsync()
        {
            await _events.DisposeAsync();
            answer.Dispose();
        }
    }
}
