using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Counter.Audit;
using Orleans.Counter.History;
using Orleans.Counter.Http;
using Orleans.Counter.Query;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>Asking, through HTTP: the answers, and what a wrong question gets.</summary>
public sealed class QueryHttpTests(QueryHttpTests.Running running) : IClassFixture<QueryHttpTests.Running>
{
    private static readonly DateTimeOffset Ten = new DateTimeOffset(DateTimeOffset.UtcNow.UtcDateTime.Date, TimeSpan.Zero).AddDays(-2).AddHours(10);

    [Fact]
    public async Task A_video_never_seen_answers_zero() =>
        Assert.Equal("""{"videoId":"nobody-saw_it","type":"view","count":0}""", await running.Text("/v1/videos/nobody-saw_it/count"));

    [Fact]
    public async Task A_count_is_of_one_type_and_of_the_minutes_from_one_on_and_before_another()
    {
        Assert.Equal(6, await running.Count("?"));
        Assert.Equal(1, await running.Count("?type=like"));
        Assert.Equal(3, await running.Count($"?from={At(1)}&to={At(2)}"));
        Assert.Equal(4, await running.Count($"?to={At(2)}"));
        Assert.Equal(2, await running.Count($"?from={At(2)}"));
        Assert.Equal(0, await running.Count($"?from={At(3)}&to={At(60)}"));
    }

    [Theory]
    [InlineData("", """{"videoId":"kittens","type":"like","count":1,"sum":2.5,"avg":2.5,"min":2.5,"max":2.5}""")]
    [InlineData("&functions=max,count", """{"videoId":"kittens","type":"like","count":1,"max":2.5}""")]
    [InlineData("&functions=avg,avg", """{"videoId":"kittens","type":"like","avg":2.5}""")]
    [InlineData("&from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z", """{"videoId":"kittens","type":"like","count":0,"sum":0,"avg":null,"min":null,"max":null}""")]
    public async Task Stats_are_what_was_asked_for_and_nothing_else(string asked, string answer) =>
        Assert.Equal(answer, await running.Text($"/v1/videos/kittens/stats?type=like{asked}"));

    [Fact]
    public async Task Stats_are_of_the_minutes_that_were_asked_for() => Assert.Equal(
        """{"videoId":"kittens","type":"view","count":5,"sum":10,"avg":2,"min":1,"max":5}""", await running.Text($"/v1/videos/kittens/stats?from={At(1)}&to={At(120)}"));

    [Fact]
    public async Task The_counts_of_many_videos_come_in_one_answer_each_once_and_in_the_order_of_the_question()
    {
        Assert.Equal("""{"type":"view","counts":{"nobody":0,"kittens":6}}""", await running.Counts("""{"videoIds":["nobody","kittens","nobody"]}"""));
        Assert.Equal("""{"type":"like","counts":{"kittens":1}}""", await running.Counts("""{"type":"like","videoIds":["kittens"]}"""));
        Assert.Equal("""{"type":"view","counts":{"kittens":3}}""", await running.Counts($$"""{"videoIds":["kittens"],"from":"{{At(1)}}","to":"{{At(2)}}"}"""));
        var many = Enumerable.Range(0, 500).Select(number => $"\"v{number}\"");
        Assert.Contains("\"v499\":0", await running.Counts($$"""{"videoIds":[{{string.Join(',', many)}}]}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "malformed_body")]
    [InlineData("[]", "malformed_body")]
    [InlineData("{}", "malformed_body")]
    [InlineData("""{"videoIds":[]}""", "malformed_body")]
    [InlineData("""{"videoIds":"kittens"}""", "malformed_body")]
    [InlineData("""{"videoIds":[7]}""", "malformed_body")]
    [InlineData("""{"videoIds":["kittens"],"type":null}""", "malformed_body")]
    [InlineData("""{"videoIds":["kittens"],"videoIds":["kittens"]}""", "malformed_body")]
    [InlineData("""{"videoIds":["kittens"]} {}""", "malformed_body")]
    [InlineData("""{"videoIds":[[[[["kittens"]]]]]}""", "malformed_body")]
    [InlineData("""{"videoIds":["kittens"],"types":"view"}""", "unknown_member")]
    [InlineData("""{"videoIds":["kittens","a/b"]}""", "invalid_video_id")]
    [InlineData("""{"videoIds":["kittens"],"type":"View"}""", "invalid_type")]
    [InlineData("""{"videoIds":["kittens"],"from":"yesterday"}""", "invalid_range")]
    [InlineData("""{"videoIds":["\ud83d"]}""", "malformed_body")]
    public async Task A_wrong_question_about_many_videos_is_told_what_would_be_right(string body, string code) =>
        (await running.Post("/v1/counts", body)).IsProblem(HttpStatusCode.BadRequest, code);

    [Fact]
    public async Task More_than_five_hundred_videos_are_too_many()
    {
        var many = Enumerable.Range(0, 501).Select(number => $"\"v{number}\"");
        var answer = await running.Post("/v1/counts", $$"""{"videoIds":[{{string.Join(',', many)}}]}""");
        Assert.Contains("at most 500", answer.IsProblem(HttpStatusCode.BadRequest, "too_many_videos").Detail, StringComparison.Ordinal);

        (await running.Post("/v1/counts", $$"""{"videoIds":["{{new string('v', 200_000)}}"]}""")).IsProblem(HttpStatusCode.RequestEntityTooLarge, "body_too_large");
        (await running.Post("/v1/counts", """{"videoIds":["kittens"]}""", "text/plain")).IsProblem(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
    }

    [Fact]
    public async Task A_series_has_a_point_for_every_granule_that_is_not_empty()
    {
        var series = await running.Json($"/v1/videos/kittens/series?from={At(0)}&to={At(120)}&granularity=minute");

        Assert.Equal(("minute", "UTC"), (series["granularity"]!.GetValue<string>(), series["timeZone"]!.GetValue<string>()));
        Assert.Equal($$"""[{"start":"{{At(0)}}","count":1,"sum":1,"min":1,"max":1},{"start":"{{At(1)}}","count":3,"sum":3,"min":1,"max":1},{"start":"{{At(70)}}","count":2,"sum":7,"min":2,"max":5}]""", series["points"]!.ToJsonString());
    }

    [Fact]
    public async Task An_edge_point_holds_only_what_lies_inside_and_starts_where_its_granule_does()
    {
        var series = await running.Json($"/v1/videos/kittens/series?from={At(1)}&to={At(80)}&granularity=hour");

        Assert.Equal($$"""[{"start":"{{At(0)}}","count":3,"sum":3,"min":1,"max":1},{"start":"{{At(60)}}","count":2,"sum":7,"min":2,"max":5}]""", series["points"]!.ToJsonString());
    }

    [Fact]
    public async Task A_filled_series_says_which_granules_are_empty()
    {
        var series = await running.Json($"/v1/videos/kittens/series?from={At(1)}&to={At(3)}&granularity=minute&fill=true");

        Assert.Equal($$"""[{"start":"{{At(1)}}","count":3,"sum":3,"min":1,"max":1},{"start":"{{At(2)}}","count":0,"sum":0,"min":null,"max":null}]""", series["points"]!.ToJsonString());
    }

    [Theory, InlineData(1500, "minute"), InlineData(1501, "quarter"), InlineData(1500 * 15, "quarter"), InlineData((1500 * 15) + 1, "hour"), InlineData(1500 * 60, "hour"), InlineData((1500 * 60) + 1, "day"), InlineData(1501 * 1440, "month")]
    public async Task Auto_picks_the_finest_granularity_that_fits(int minutes, string granularity)
    {
        var from = Ten.AddHours(-10);
        var series = await running.Json($"/v1/videos/kittens/series?from={Text(from)}&to={Text(from.AddMinutes(minutes))}");
        Assert.Equal(granularity, series["granularity"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_time_with_an_offset_is_the_same_moment()
    {
        var from = Ten.AddMinutes(1).ToOffset(TimeSpan.FromHours(-3)).ToString("yyyy-MM-dd'T'HH:mm:sszzz", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(3, await running.Count($"?from={Uri.EscapeDataString(from)}&to={At(2)}"));
    }

    [Theory]
    [InlineData("/v1/videos/a%2Fb/count", "invalid_video_id")]
    [InlineData("/v1/videos/a%0Ab/count", "invalid_video_id")]
    [InlineData("/v1/videos/kittens/count?type=View", "invalid_type")]
    [InlineData("/v1/videos/kittens/count?from=2026-11-23T10:05:00", "invalid_range")]
    [InlineData("/v1/videos/kittens/count?from=2026-11-23T10:05:30Z", "invalid_range")]
    [InlineData("/v1/videos/kittens/count?from=yesterday", "invalid_range")]
    [InlineData("/v1/videos/kittens/count?from=1969-12-31T23:59:00Z", "invalid_range")]
    [InlineData("/v1/videos/kittens/count?from=2026-11-23T10:05:00Z&to=2026-11-23T10:05:00Z", "invalid_range")]
    [InlineData("/v1/videos/kittens/series?fill=true&from=6053-01-01T00:00Z&to=9999-12-31T23:59Z", "invalid_range")]
    [InlineData("/v1/videos/kittens/series?fill=true&from=2026-11-23T10:05:00Z&to=5999-12-31T23:59Z", "too_many_points")]
    [InlineData("/v1/videos/kittens/stats?type=View", "invalid_type")]
    [InlineData("/v1/videos/kittens/stats?functions=median", "invalid_function")]
    [InlineData("/v1/videos/kittens/stats?functions=", "invalid_function")]
    [InlineData("/v1/videos/kittens/stats?functions=count,,sum", "invalid_function")]
    [InlineData("/v1/videos/kittens/series", "invalid_range")]
    [InlineData("/v1/videos/kittens/series?from=2026-11-23T10:00:00Z", "invalid_range")]
    [InlineData("/v1/videos/kittens/series?from=2026-11-23T10:00:00Z&to=2026-11-23T11:00:00Z&granularity=fortnight", "invalid_granularity")]
    [InlineData("/v1/videos/kittens/series?from=2026-11-23T10:00:00Z&to=2026-11-23T11:00:00Z&timeZone=Mars/Olympus", "invalid_time_zone")]
    [InlineData("/v1/videos/kittens/series?from=2026-11-23T10:00:00Z&to=2026-11-23T11:00:00Z&fill=perhaps", "invalid_fill")]
    [InlineData("/v1/videos/kittens/series?from=2026-11-20T10:00:00Z&to=2026-11-23T11:00:00Z&granularity=minute", "too_many_points")]
    [InlineData("/v1/videos/kittens/series?from=2000-01-01T00:00:00Z&to=2126-01-01T00:00:00Z", "too_many_points")]
    [InlineData("/v1/videos/kittens/count?from=9999-12-31T23:59:00Z&to=9999-12-31T23:59:00Z", "invalid_range")]
    public async Task A_wrong_question_is_told_what_would_be_right(string address, string code)
    {
        var answer = await running.Http.GetAsync(address, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        var problem = (await answer.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!;
        Assert.Equal(code, problem["code"]!.GetValue<string>());
        Assert.NotEmpty(problem["detail"]!.GetValue<string>());
    }

    [Fact]
    public async Task Too_many_points_names_the_granularity_that_fits() =>
        Assert.Contains("'quarter'", await running.Text("/v1/videos/kittens/series?from=2026-11-20T10:00:00Z&to=2026-11-23T11:00:00Z&granularity=minute"), StringComparison.Ordinal);

    [Fact]
    public async Task A_time_zone_that_does_not_exist_is_answered_with_one_that_does() =>
        Assert.Contains("'Asia/Kathmandu' is one", await running.Text("/v1/videos/kittens/series?from=2026-11-20T10:00:00Z&to=2026-11-23T11:00:00Z&timeZone=kathmandu"), StringComparison.Ordinal);

    [Fact]
    public async Task A_day_of_a_time_zone_starts_where_it_does_there()
    {
        var series = await running.Text($"/v1/videos/kittens/series?from={At(0)}&to={At(120)}&granularity=day&timeZone=Asia/Kathmandu");

        Assert.EndsWith($$"""
            "granularity":"day","timeZone":"Asia/Kathmandu","points":[{"start":"{{Ten:yyyy-MM-dd}}T00:00:00+05:45","count":6,"sum":11,"min":1,"max":5}]}
            """, series, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_all_days_is_no_mistake() => Assert.Equal(6, await running.Count("?to=9999-12-31T23:59:00Z"));

    private static string At(int minute) => Text(Ten.AddMinutes(minute));

    private static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The HTTP end of Query, with one video behind it.</summary>
    public sealed class Running : IAsyncLifetime
    {
        private static readonly VideoId Kittens = VideoId.Parse("kittens");
        private CounterCluster _cluster = null!;
        private WebApplication _app = null!;

        public HttpClient Http { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _cluster = await CounterCluster.Start();
            _cluster.Send(
                new Event(Kittens, Ten), new Event(Kittens, Ten.AddMinutes(1)), new Event(Kittens, Ten.AddSeconds(61)), new Event(Kittens, Ten.AddSeconds(119)),
                new Event(Kittens, Ten.AddMinutes(70), Value: 2), new Event(Kittens, Ten.AddMinutes(70), Value: 5), new Event(Kittens, Ten, "like", Value: 2.5));
            await _cluster.Stored();
            var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton(_cluster.Grains).AddSingleton<ICountStore>(_cluster.Store).AddSingleton<IRollupStore>(_cluster.Store).AddSingleton<ISegmentStore>(_cluster.Segments);
            builder.AddHttp();
            builder.AddAcceptance();
            builder.AddQuery();
            builder.AddHistory();
            builder.AddAudit();
            _app = builder.Build();
            _app.UseHttp();
            _app.MapQuery();
            _app.MapHistory();
            _app.MapAudit();
            await _app.StartAsync();
            Http = new() { BaseAddress = new(_app.Urls.First()) };
        }

        public async Task<string> Text(string address) => await (await Http.GetAsync(address, TestContext.Current.CancellationToken)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        internal MemoryCountStore Store => _cluster.Store;

        internal IGrainFactory Grains => _cluster.Grains;

        internal void Send(params IReadOnlyList<Event> events) => _cluster.Send(events);

        internal async Task SendAndStore(params IReadOnlyList<Event> events)
        {
            _cluster.Send(events);
            await _cluster.Stored();
        }

        /// <summary>All groups have archived everything up to a day.</summary>
        internal async Task Archive(DateOnly through)
        {
            foreach (var group in Group.All)
                if (await _cluster.Store.ReadGroup(group, TestContext.Current.CancellationToken) is null) await _cluster.Store.WriteGroup(group, new(through, through, through.AddDays(-20)), null, [], TestContext.Current.CancellationToken);
        }

        /// <summary>Lets a video fall asleep: its next answer comes from its row.</summary>
        internal Task Forget(string video) => _cluster.Forget(VideoId.Parse(video));

        /// <summary>Lets all shards begin anew, with what is stored.</summary>
        internal Task ForgetShards() => Task.WhenAll(Shard.All.Select(_cluster.Forget));

        internal async Task<Answer> Get(string address)
        {
            using var answer = await Http.GetAsync(address, TestContext.Current.CancellationToken);
            return await Answer.Read(answer);
        }

        internal async Task<Answer> Put(string address, string body)
        {
            using var content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
            using var answer = await Http.PutAsync(address, content, TestContext.Current.CancellationToken);
            return await Answer.Read(answer);
        }

        internal async Task<Answer> Delete(string address)
        {
            using var answer = await Http.DeleteAsync(address, TestContext.Current.CancellationToken);
            return await Answer.Read(answer);
        }

        internal async Task<Answer> Post(string address, string body, string mediaType = "application/json")
        {
            using var content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue(mediaType));
            using var answer = await Http.PostAsync(address, content, TestContext.Current.CancellationToken);
            return await Answer.Read(answer);
        }

        public async Task<string> Counts(string body) => (await Post("/v1/counts", body)).Body!.ToJsonString();

        public async Task<JsonNode> Json(string address) => JsonNode.Parse(await Text(address))!;

        public async Task<long> Count(string query) => (await Json($"/v1/videos/kittens/count{query}"))["count"]!.GetValue<long>();

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await _app.DisposeAsync();
            await _cluster.DisposeAsync();
        }
    }
}
