using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using CsCheck;
using Orleans.Counter.Client;
using Xunit;
using static Orleans.Counter.Tests.Cli.RecordingHandler;

namespace Orleans.Counter.Tests.Cli;

public sealed class CounterClientTests
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly CounterEvent View = new(Kittens, EventType.View);
    private static readonly CounterClientOptions Quick = new() { RetryDelay = TimeSpan.FromMilliseconds(1), RetriesMax = 3 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_retry_sends_the_same_bytes_so_that_ids_the_client_made_up_stay_the_same()
    {
        var handler = new RecordingHandler(
            () => new(HttpStatusCode.ServiceUnavailable),
            () => throw new HttpRequestException("cut off"),
            () => new(HttpStatusCode.TooManyRequests),
            () => Accepted(2));

        var result = await Client(handler).SendAsync([View, View with { Id = "mine" }], Token);

        Assert.Equal(2, result.Accepted);
        Assert.Equal(4, handler.Requests.Count);
        Assert.Single(handler.Requests.Distinct());
        Assert.Equal(2, Ids(handler.Requests.First().Body).Distinct().Count());
    }

    [Fact]
    public async Task Two_calls_make_up_different_ids()
    {
        var handler = new RecordingHandler(() => Accepted(2), () => Accepted(2));
        var client = Client(handler);

        await client.SendAsync([View, View], Token);
        await client.SendAsync([View, View], Token);

        Assert.Equal(4, handler.Requests.SelectMany(request => Ids(request.Body)).Distinct().Count());
    }

    [Fact]
    public async Task A_retry_comes_when_the_service_says_so_and_not_before()
    {
        var time = new SteppedTime(DateTimeOffset.UnixEpoch);
        var handler = new RecordingHandler(
            () => new(HttpStatusCode.TooManyRequests) { Headers = { RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(7)) } },
            () => new(HttpStatusCode.ServiceUnavailable) { Headers = { RetryAfter = new RetryConditionHeaderValue(time.GetUtcNow().AddSeconds(90)) } },
            () => Accepted(1));

        var sending = Client(handler, time: time).SendAsync([View], Token);
        await time.Pass(TimeSpan.FromSeconds(7), Token);
        await time.Pass(TimeSpan.FromSeconds(90), Token);

        Assert.Equal(1, (await sending).Accepted);
        Assert.Equal(3, handler.Requests.Count);
    }

    [Fact]
    public async Task An_attempt_that_hangs_is_given_up_and_tried_again()
    {
        var time = new SteppedTime(DateTimeOffset.UnixEpoch);
        var handler = new HangsOnce(() => Accepted(1));

        var sending = Client(handler, new() { AttemptTimeout = TimeSpan.FromSeconds(3) }, time).SendAsync([View], Token);
        await handler.Hangs;
        await time.Run(sending, TimeSpan.FromMinutes(1));

        Assert.Equal(1, (await sending).Accepted);
    }

    [Fact]
    public async Task What_will_not_pass_by_waiting_is_not_tried_again()
    {
        var handler = new RecordingHandler(
            () => Problem(HttpStatusCode.RequestEntityTooLarge, """{"code":"body_too_large","detail":"2 MiB is more than 1 MiB."}"""));

        var refusal = await Assert.ThrowsAsync<CounterException>(() => Client(handler).SendAsync([View], Token));

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body_too_large", "2 MiB is more than 1 MiB.", false),
            (refusal.Status, refusal.Code, refusal.Detail, refusal.IsTransient));
        Assert.Single(handler.Requests);
    }

    [Fact]
    public async Task After_the_last_retry_the_last_answer_is_told()
    {
        var handler = new RecordingHandler([.. Enumerable.Repeat(() => Problem(HttpStatusCode.ServiceUnavailable, """{"code":"hub_unavailable"}"""), 4)]);

        var refusal = await Assert.ThrowsAsync<CounterException>(() => Client(handler).SendAsync([View], Token));

        Assert.Equal(("hub_unavailable", true, 4), (refusal.Code, refusal.IsTransient, handler.Requests.Count));
    }

    [Fact]
    public async Task A_service_that_cannot_be_reached_is_a_transient_failure_with_its_cause()
    {
        var handler = new RecordingHandler([.. Enumerable.Repeat<Func<HttpResponseMessage>>(() => throw new HttpRequestException("refused"), 4)]);

        var failure = await Assert.ThrowsAsync<CounterException>(() => Client(handler).CountAsync(Kittens, EventType.View, cancellationToken: Token));

        Assert.True(failure.IsTransient);
        Assert.Null(failure.Status);
        Assert.IsType<HttpRequestException>(failure.InnerException);
    }

    [Theory]
    [InlineData("<html>Bad gateway</html>", "text/html")]
    [InlineData("""{"code":"hub_una""", "application/problem+json")]
    public async Task A_refusal_that_is_not_the_counters_still_says_its_status(string body, string mediaType)
    {
        var handler = new RecordingHandler(() => Json(HttpStatusCode.InternalServerError, body, mediaType));

        var refusal = await Assert.ThrowsAsync<CounterException>(() => Client(handler).SendAsync([View], Token));

        Assert.Equal((HttpStatusCode.InternalServerError, null), (refusal.Status, refusal.Code));
    }

    [Fact]
    public async Task That_no_event_is_valid_is_a_result_like_any_other_rejection()
    {
        var handler = new RecordingHandler(
            () => Problem(HttpStatusCode.BadRequest, """{"code":"no_valid_event","rejected":[{"index":0,"code":"too_old","detail":"8 days"}]}"""));

        var result = await Client(handler).SendAsync([View], Token);

        Assert.Equal(0, result.Accepted);
        Assert.Equal([new(0, "too_old", "8 days")], result.Rejected);
    }

    [Fact]
    public async Task Nothing_too_much_and_what_json_cannot_say_are_the_callers_mistakes()
    {
        var client = Client(new RecordingHandler());

        await Assert.ThrowsAsync<ArgumentException>(() => client.SendAsync([], Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.SendAsync(Enumerable.Repeat(View, 5_001).ToArray(), Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.SendAsync([View with { Value = double.NaN }], Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.SendAsync([default], Token));
    }

    [Fact]
    public void Any_event_arrives_as_it_was_sent() => (
        from id in Gen.String[Gen.Char[' ', '~'], 1, 128]
        from milliseconds in Gen.Long[0, 4_102_444_800_000]
        from value in Gen.Double.Where(double.IsFinite)
        select new CounterEvent(Kittens, EventType.Parse("watch_seconds"), id, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), value))
        .Array[1, 20].Sample(events =>
        {
            var body = new PooledBuffer(16);
            EventsJson.Write(body, events);
            using var json = JsonDocument.Parse(body.Written);
            Assert.Equal(events, json.RootElement.GetProperty("events").EnumerateArray().Select(e => new CounterEvent(
                VideoId.Parse(e.GetProperty("videoId").GetString()!), EventType.Parse(e.GetProperty("type").GetString()!), e.GetProperty("id").GetString(),
                e.GetProperty("timestamp").GetDateTimeOffset(), e.TryGetProperty("value", out var value) ? value.GetDouble() : 1)));
            body.Return();
        }, iter: 200);

    [Fact]
    public async Task A_question_names_video_type_and_range_in_utc()
    {
        var handler = new RecordingHandler(
            () => Json(HttpStatusCode.OK, """{"videoId":"kittens","type":"like","count":9007199254740993}"""),
            () => Json(HttpStatusCode.OK, """
                {"videoId":"kittens","type":"view","granularity":"minute","timeZone":"UTC",
                 "points":[{"start":"2026-11-23T10:05:00Z","count":3,"sum":4.5,"min":1,"max":2}]}
                """));
        var client = Client(handler);
        var from = new DateTimeOffset(2026, 11, 23, 12, 5, 0, TimeSpan.FromHours(2));

        Assert.Equal(9_007_199_254_740_993, await client.CountAsync(Kittens, EventType.Parse("like"), from, cancellationToken: Token));
        var series = await client.SeriesAsync(Kittens, EventType.View, from, from.AddMinutes(1), cancellationToken: Token);

        Assert.Equal(Granularity.Minute, series.Granularity);
        Assert.Equal([new(from, 3, 4.5, 1, 2)], series.Points);
        Assert.Equal(
        [
            "/base/v1/videos/kittens/count?type=like&from=2026-11-23T10:05:00Z",
            "/base/v1/videos/kittens/series?type=view&from=2026-11-23T10:05:00Z&to=2026-11-23T10:06:00Z&granularity=auto",
        ], handler.Requests.Select(request => request.Url));
    }

    [Fact]
    public async Task A_series_in_a_time_zone_names_it_and_its_points_have_its_offset()
    {
        var handler = new RecordingHandler(() => Json(HttpStatusCode.OK, """
            {"videoId":"kittens","type":"view","granularity":"day","timeZone":"Asia/Kathmandu",
             "points":[{"start":"2026-11-23T00:00:00+05:45","count":3,"sum":3,"min":1,"max":1}]}
            """));
        var from = new DateTimeOffset(2026, 11, 23, 0, 0, 0, new(5, 45, 0));

        var series = await Client(handler).SeriesAsync(Kittens, EventType.View, from, from.AddDays(1), Granularity.Day, "Asia/Kathmandu", cancellationToken: Token);

        var point = Assert.Single(series.Points);
        Assert.Equal((Granularity.Day, from, from.Offset), (series.Granularity, point.Start, point.Start.Offset));
        Assert.Equal(["/base/v1/videos/kittens/series?type=view&from=2026-11-22T18:15:00Z&to=2026-11-23T18:15:00Z&granularity=day&timeZone=Asia%2FKathmandu"], handler.Requests.Select(request => request.Url));
    }

    [Fact]
    public async Task A_question_takes_the_token_of_a_write_and_asks_again_while_the_write_cannot_be_seen()
    {
        var handler = new RecordingHandler(
            () => Acked(Accepted(1), "aGVsbG8"),
            () => Problem(HttpStatusCode.ServiceUnavailable, """{"code":"not_visible_yet"}"""),
            () => Json(HttpStatusCode.OK, """{"videoId":"kittens","type":"view","count":1}"""),
            () => Accepted(1));
        var client = Client(handler);

        var sent = await client.SendAsync([View], Token);
        Assert.Equal(1, await client.CountAsync(Kittens, EventType.View, ack: sent.Ack, cancellationToken: Token));
        Assert.Equal(Enumerable.Repeat("/base/v1/videos/kittens/count?type=view&ack=aGVsbG8", 2), handler.Requests.Skip(1).Select(request => request.Url));
        Assert.Null((await client.SendAsync([View], Token)).Ack);
    }

    private static HttpResponseMessage Acked(HttpResponseMessage answer, string ack)
    {
        answer.Headers.Add("Counter-Ack", ack);
        return answer;
    }

    private static CounterClient Client(HttpMessageHandler handler, CounterClientOptions? options = null, TimeProvider? time = null) =>
        new(new HttpClient(handler) { BaseAddress = new("http://counter/base") }, options ?? Quick, time);

    private static string[] Ids(string body)
    {
        using var json = JsonDocument.Parse(body);
        return [.. json.RootElement.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("id").GetString()!)];
    }

    private sealed class HangsOnce(Func<HttpResponseMessage> then) : HttpMessageHandler
    {
        private readonly TaskCompletionSource _hangs = new();

        public Task Hangs => _hangs.Task;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (_hangs.TrySetResult()) await Task.Delay(Timeout.Infinite, cancellationToken);
            return then();
        }
    }
}
