using System.Net;
using System.Net.Http.Headers;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

public sealed class EventRulesTests(EventRulesTests.Running running) : IClassFixture<EventRulesTests.Running>
{
    private const string Good = """{"videoId":"kittens"}""";

    private IngestHost Host => running.Host;

    [Theory]
    [InlineData("""{}""", "invalid_video_id")]
    [InlineData("""{"videoId":""}""", "invalid_video_id")]
    [InlineData("""{"videoId":"a/b"}""", "invalid_video_id")]
    [InlineData("""{"videoId":"a b"}""", "invalid_video_id")]
    [InlineData("""{"videoId":"a\u0000b"}""", "invalid_video_id")]
    [InlineData("""{"videoId":"a\nb"}""", "invalid_video_id")]
    [InlineData("""{"videoId":"\ud800"}""", "invalid_video_id")]
    [InlineData("""{"videoId":"ä"}""", "invalid_video_id")]
    [InlineData("""{"videoId":5}""", "invalid_video_id")]
    [InlineData("""{"videoId":null}""", "invalid_video_id")]
    [InlineData("""{"videoId":["a",{"b":[1]}]}""", "invalid_video_id")]
    [InlineData("""{"videoId":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""", "invalid_video_id")]
    [InlineData("""{"videoId":"v","type":""}""", "invalid_type")]
    [InlineData("""{"videoId":"v","type":"View"}""", "invalid_type")]
    [InlineData("""{"videoId":"v","type":"1st"}""", "invalid_type")]
    [InlineData("""{"videoId":"v","type":"abcdefghijklmnopqrstuvwxyz0123456"}""", "invalid_type")]
    [InlineData("""{"videoId":"v","type":null}""", "invalid_type")]
    [InlineData("""{"videoId":"v","type":{}}""", "invalid_type")]
    [InlineData("""{"videoId":"v","id":""}""", "invalid_id")]
    [InlineData("""{"videoId":"v","id":"tab\there"}""", "invalid_id")]
    [InlineData("""{"videoId":"v","id":"\u007f"}""", "invalid_id")]
    [InlineData("""{"videoId":"v","id":"\ud83d\ude00"}""", "invalid_id")]
    [InlineData("""{"videoId":"v","id":"\udc00"}""", "invalid_id")]
    [InlineData("""{"videoId":"v","id":"naïve"}""", "invalid_id")]
    [InlineData("""{"videoId":"v","id":17}""", "invalid_id")]
    [InlineData("""{"videoId":"v","id":null}""", "invalid_id")]
    [InlineData("""{"videoId":"v","timestamp":"2026-11-23T12:00:00"}""", "invalid_timestamp")]
    [InlineData("""{"videoId":"v","timestamp":"2026-11-23"}""", "invalid_timestamp")]
    [InlineData("""{"videoId":"v","timestamp":"yesterday"}""", "invalid_timestamp")]
    [InlineData("""{"videoId":"v","timestamp":""}""", "invalid_timestamp")]
    [InlineData("""{"videoId":"v","timestamp":1795435200}""", "invalid_timestamp")]
    [InlineData("""{"videoId":"v","timestamp":null}""", "invalid_timestamp")]
    [InlineData("""{"videoId":"v","timestamp":"2026-11-16T11:59:59.999Z"}""", "too_old")]
    [InlineData("""{"videoId":"v","timestamp":"0001-01-01T00:00:00+23:59"}""", "too_old")]
    [InlineData("""{"videoId":"v","timestamp":"2026-11-23T12:05:00.001Z"}""", "in_future")]
    [InlineData("""{"videoId":"v","timestamp":"9999-12-31T23:59:59-23:59"}""", "in_future")]
    [InlineData("""{"videoId":"v","value":1e999}""", "invalid_value")]
    [InlineData("""{"videoId":"v","value":-1e999}""", "invalid_value")]
    [InlineData("""{"videoId":"v","value":"NaN"}""", "invalid_value")]
    [InlineData("""{"videoId":"v","value":"1"}""", "invalid_value")]
    [InlineData("""{"videoId":"v","value":true}""", "invalid_value")]
    [InlineData("""{"videoId":"v","value":null}""", "invalid_value")]
    [InlineData("""{"value":"x","timestamp":"x","id":"","type":"","videoId":""}""", "invalid_video_id")]
    [InlineData("""{"value":"x","timestamp":"x","id":"","videoId":"v"}""", "invalid_id")]
    public async Task An_event_that_breaks_a_rule_is_rejected_and_its_neighbours_are_not(string broken, string code)
    {
        var answer = await Host.PostEvents($$"""{"events":[{{Good}},{{broken}},{{Good}}]}""");

        answer.IsAccepted(2, $"1 {code}");
        Assert.NotEmpty((string)answer.Body!["rejected"]![0]!["detail"]!);
    }

    [Theory]
    [InlineData("""{"videoId":"AZaz09_-"}""")]
    [InlineData("""{"videoId":"kit\u0074ens","\u0069d":"a\/b \" \\ \u007e"}""")]
    [InlineData("""{"videoId":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""")]
    [InlineData("""{"videoId":"v","type":"abcdefghijklmnopqrstuvwxyz_01234"}""")]
    [InlineData("""{"videoId":"v","timestamp":"2026-11-16T12:00:00Z"}""")]
    [InlineData("""{"videoId":"v","timestamp":"2026-11-23t13:05:00.000999+01:00"}""")]
    [InlineData("""{"videoId":"v","value":-0.5e-7}""")]
    [InlineData("""{"videoId":"v","value":1e-999}""")]
    [InlineData("""{"videoId":"v","value":179769313486231570000000000000000000000000000000000000000000000}""")]
    public async Task An_event_at_the_edge_of_the_rules_is_accepted(string good) => (await Host.PostEvents($$"""{"events":[{{good}}]}""")).IsAccepted(1);

    [Theory, InlineData(128, ""), InlineData(129, "1 invalid_id")]
    public async Task An_id_has_at_most_128_characters(int length, string rejected) =>
        (await Host.PostEvents($$"""{"events":[{{Good}},{"videoId":"v","id":"{{new string('~', length)}}"}]}""")).IsAccepted(rejected.Length > 0 ? 1 : 2, rejected);

    [Fact]
    public async Task A_request_without_any_valid_event_is_refused_and_says_why()
    {
        var answer = await Host.PostEvents("""{"events":[{"videoId":""},{"videoId":"v","value":[]}]}""");

        Assert.Equal("0 invalid_video_id, 1 invalid_value", answer.IsProblem(HttpStatusCode.BadRequest, "no_valid_event").Rejected);
        Assert.Equal(string.Empty, (await Host.PostEvents("""{"events":[]}""")).IsProblem(HttpStatusCode.BadRequest, "no_valid_event").Rejected);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{"events":null}""")]
    [InlineData("""{"events":{}}""")]
    [InlineData("""{"events":[7]}""")]
    [InlineData("""{"events":[null]}""")]
    [InlineData("""{"events":[[]]}""")]
    [InlineData("""{"events":[{"videoId":"v"}]""")]
    [InlineData("""{"events":[{"videoId":"v"},]}""")]
    [InlineData("""{"events":[{"videoId":"v",}]}""")]
    [InlineData("""{"events":[{"videoId":"v"}]} {}""")]
    [InlineData("""{"events":[{"videoId":"v"}]}x""")]
    [InlineData("""{"events":[{"videoId":'v'}]}""")]
    [InlineData("""{"events":[{"videoId":"v","value":NaN}]}""")]
    [InlineData("""{"events":[{"videoId":"v","value":Infinity}]}""")]
    [InlineData("""{"events":[{"videoId":"v","value":01}]}""")]
    [InlineData("""{"events":[{"videoId":"v\u00g0"}]}""")]
    [InlineData("""{"events":[{"videoId":"v"/*!*/}]}""")]
    [InlineData("""{"events":[{"videoId":"v","videoId":"v"}]}""")]
    [InlineData("""{"events":[{"videoId":"v","v\u0069deoId":"v"}]}""")]
    [InlineData("""{"events":[{"videoId":"v"}],"events":[]}""")]
    [InlineData("\uFEFF{\"events\":[{\"videoId\":\"v\"}]}")]
    [InlineData("{\"events\":[{\"videoId\":\"v\",\"id\":\"a\0b\"}]}")]
    public async Task A_body_that_is_not_the_shape_is_refused_whole(string body)
    {
        var before = Host.Hub.Sends;
        var answer = await Host.PostEvents(body);

        Assert.NotEmpty(answer.IsProblem(HttpStatusCode.BadRequest, "malformed_body").Detail);
        Assert.Equal(before, Host.Hub.Sends);
    }

    [Fact]
    public async Task Bytes_that_are_not_text_are_refused()
    {
        byte[] body = [.. "{\"events\":[{\"videoId\":\"v\",\"id\":\""u8, 0xC3, 0x28, .. "\"}]}"u8];

        (await Host.Post("/v1/events", body, "application/json")).IsProblem(HttpStatusCode.BadRequest, "malformed_body");
    }

    [Theory]
    [InlineData(100_000, '[')]
    [InlineData(100_000, '{')]
    [InlineData(900_000, '9')]
    public async Task A_monstrous_value_is_refused_in_words(int length, char of)
    {
        var answer = await Host.PostEvents($$"""{"events":[{"videoId":"v","value":{{new string(of, length)}}}]}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(answer.Code, new[] { "malformed_body", "no_valid_event" });
    }

    [Theory]
    [InlineData("""{"events":[{"videoId":"v","vidoeId":"w"}]}""", "vidoeId", "timestamp")]
    [InlineData("""{"events":[{"videoId":"v"},{"VideoId":"v"}]}""", "VideoId", "videoId")]
    [InlineData("""{"events":[{"videoId":"v","":1}]}""", "''", "videoId")]
    [InlineData("""{"events":[{"videoId":"v","\ud800":1}]}""", "\\ud800", "videoId")]
    [InlineData("""{"event":[]}""", "event", "events")]
    [InlineData("""{"events":[{"videoId":"v"}],"source":"x"}""", "source", "events")]
    public async Task An_unknown_member_refuses_the_request_and_is_named_with_those_allowed(string body, string named, string allowed)
    {
        var before = Host.Hub.Sends;
        var answer = (await Host.PostEvents(body)).IsProblem(HttpStatusCode.BadRequest, "unknown_member");

        Assert.Contains(named, answer.Detail, StringComparison.Ordinal);
        Assert.Contains(allowed, answer.Detail, StringComparison.Ordinal);
        Assert.Equal(before, Host.Hub.Sends);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("nonsense")]
    public async Task Another_media_type_is_not_supported(string? mediaType) =>
        (await Host.PostEvents($$"""{"events":[{{Good}}]}""", mediaType)).IsProblem(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON;charset=\"UTF-8\"")]
    public async Task Json_may_name_its_charset(string mediaType) => (await Host.PostEvents($$"""{"events":[{{Good}}]}""", mediaType)).IsAccepted(1);

    [Fact]
    public async Task A_compressed_body_is_not_supported()
    {
        using var content = new StringContent($$"""{"events":[{{Good}}]}""", new MediaTypeHeaderValue("application/json"));
        content.Headers.ContentEncoding.Add("gzip");

        (await Host.Post("/v1/events", content)).IsProblem(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
    }

    public sealed class Running : IAsyncLifetime
    {
        internal IngestHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await IngestHost.Start();

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
