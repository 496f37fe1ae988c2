using System.Net;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

public sealed class ViewTests : IAsyncLifetime
{
    private IngestHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await IngestHost.Start();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain;charset=UTF-8")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task A_view_needs_no_body_and_happens_now(string? mediaType)
    {
        (await _host.PostView("kittens", "", mediaType)).IsAccepted(1);

        Assert.Equal(new SentEvent("kittens", "view", IdHash.None, WatchedTime.Noon.ToUnixTimeMilliseconds(), 1), Assert.Single(_host.Hub.Events()));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("text/plain;charset=UTF-8")]
    public async Task A_view_may_say_its_id_time_and_value(string mediaType)
    {
        (await _host.PostView("kittens", """{"id":"one","timestamp":"2026-11-23T11:59:00+00:00","value":2.5}""", mediaType)).IsAccepted(1);

        var time = WatchedTime.Noon.AddMinutes(-1).ToUnixTimeMilliseconds();
        Assert.Equal(new SentEvent("kittens", "view", IdHash.Of("view"u8, "one"u8), time, 2.5), Assert.Single(_host.Hub.Events()));
    }

    [Theory]
    [InlineData("a%2Fb", "", "invalid_video_id")]
    [InlineData("a%20b", "", "invalid_video_id")]
    [InlineData("%C3%A4", "", "invalid_video_id")]
    [InlineData("v", """{"id":""}""", "invalid_id")]
    [InlineData("v", """{"timestamp":"2026-11-23T12:00:00"}""", "invalid_timestamp")]
    [InlineData("v", """{"timestamp":"2026-11-01T12:00:00Z"}""", "too_old")]
    [InlineData("v", """{"timestamp":"2026-11-23T13:00:00Z"}""", "in_future")]
    [InlineData("v", """{"value":"2"}""", "invalid_value")]
    public async Task A_view_that_breaks_a_rule_is_refused_with_its_code(string video, string body, string code)
    {
        var answer = await _host.PostView(video, body);

        Assert.Equal($"0 {code}", answer.IsProblem(HttpStatusCode.BadRequest, "no_valid_event").Rejected);
        Assert.Equal(0, _host.Hub.Sends);
    }

    [Theory]
    [InlineData("""{"videoId":"v"}""", "unknown_member")]
    [InlineData("""{"type":"like"}""", "unknown_member")]
    [InlineData("""{"id":"a","id":"a"}""", "malformed_body")]
    [InlineData("""[]""", "malformed_body")]
    [InlineData("""{"id":"a"}{""", "malformed_body")]
    [InlineData("""{"id":"a""", "malformed_body")]
    [InlineData(" ", "malformed_body")]
    public async Task A_view_with_another_body_is_refused(string body, string code) =>
        (await _host.PostView("v", body)).IsProblem(HttpStatusCode.BadRequest, code);

    [Fact]
    public async Task A_view_in_another_media_type_is_not_supported() =>
        (await _host.PostView("v", "id=a", "application/x-www-form-urlencoded")).IsProblem(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");

    [Fact]
    public async Task A_slash_in_a_video_leads_nowhere() => (await _host.PostView("a/b", "")).IsProblem(HttpStatusCode.NotFound, "not_found");
}
