using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>What a video is, and why its numbers are what they are, through HTTP.</summary>
public sealed class VideoHttpTests(QueryHttpTests.Running running) : IClassFixture<QueryHttpTests.Running>
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    [Fact]
    public async Task A_video_that_was_never_seen_and_of_which_nothing_was_said_is_not_found() =>
        (await running.Get("/v1/videos/nobody-knows")).IsProblem(HttpStatusCode.NotFound, "not_found");

    [Fact]
    public async Task A_video_tells_its_types_its_first_and_last_minute_and_what_became_of_its_events()
    {
        var (first, last) = (Minute.Of(Now.AddMinutes(-3)).Start, Minute.Of(Now).Start);
        await running.SendAndStore(
            new Event(Id("told"), last, Id: "a"), new Event(Id("told"), last, Id: "a"), new Event(Id("told"), first, "like", Value: 2.5), new Event(Id("told"), Now.AddDays(-9)), new Event(Id("told"), Now.AddHours(9), Id: "b"));

        var answer = await running.Get("/v1/videos/told");

        Assert.Equal(
            $$$"""{"videoId":"told","title":null,"channelId":null,"first":"{{{first:yyyy-MM-ddTHH:mm:ssZ}}}","last":"{{{last:yyyy-MM-ddTHH:mm:ssZ}}}","totals":{"like":{"count":1,"sum":2.5,"min":2.5,"max":2.5},"view":{"count":1,"sum":1,"min":1,"max":1}},"duplicates":1,"deadLettered":2}""",
            answer.Body!.ToJsonString());
    }

    [Fact]
    public async Task What_is_said_of_a_video_stands_in_the_row_of_its_counts_and_is_replaced_whole()
    {
        await running.SendAndStore(new Event(Id("said"), Now), new Event(Id("said"), Now));

        var said = (await running.Put("/v1/videos/said", """{"title":"Zwölf Kätzchen 🐈","channelId":"cats_1"}""")).Body!;
        await running.Forget("said");
        Assert.Equal(("Zwölf Kätzchen 🐈", "cats_1", 2), About(said));
        Assert.Equal(said.ToJsonString(), (await running.Get("/v1/videos/said")).Body!.ToJsonString());

        await running.Put("/v1/videos/said", """{"title":"Thirteen"}""");
        Assert.Equal(("Thirteen", null, 2), About((await running.Get("/v1/videos/said")).Body!));
        await running.SendAndStore(new Event(Id("said"), Now));
        await running.Forget("said");
        Assert.Equal(("Thirteen", null, 3), About((await running.Get("/v1/videos/said")).Body!));
        Assert.Equal((null, null, 3), About((await running.Put("/v1/videos/said", "{}")).Body!));
    }

    [Fact]
    public async Task Something_can_be_said_of_a_video_before_anybody_has_seen_it()
    {
        var answer = await running.Put("/v1/videos/premiere", """{"title":"Soon"}""");
        await running.Forget("premiere");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("""{"videoId":"premiere","title":"Soon","channelId":null,"first":null,"last":null,"totals":{},"duplicates":0,"deadLettered":0}""", (await running.Get("/v1/videos/premiere")).Body!.ToJsonString());
        await running.SendAndStore(new Event(Id("premiere"), Now));
        Assert.Equal(("Soon", null, 1), About((await running.Get("/v1/videos/premiere")).Body!));
    }

    [Fact]
    public async Task Of_many_who_speak_at_once_one_is_heard_and_no_count_is_lost()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async number =>
        {
            await running.SendAndStore(new Event(Id("busy"), Now));
            Assert.Equal(HttpStatusCode.OK, (await running.Put("/v1/videos/busy", $$"""{"title":"{{number}}"}""")).Status);
        }));
        var before = About((await running.Get("/v1/videos/busy")).Body!);
        await running.Forget("busy");

        Assert.Equal(40, before.Views);
        Assert.InRange(int.Parse(before.Title!, System.Globalization.CultureInfo.InvariantCulture), 0, 39);
        Assert.Equal(before, About((await running.Get("/v1/videos/busy")).Body!));
    }

    [Theory]
    [InlineData("", "malformed_body")]
    [InlineData("null", "malformed_body")]
    [InlineData("[]", "malformed_body")]
    [InlineData("""{"title":7}""", "malformed_body")]
    [InlineData("""{"title":"a","title":"b"}""", "malformed_body")]
    [InlineData("""{"title":"\ud83d"}""", "malformed_body")]
    [InlineData("""{"\ud83d":"a"}""", "malformed_body")]
    [InlineData("""{"Title":"a"}""", "unknown_member")]
    [InlineData("""{"title":""}""", "invalid_title")]
    [InlineData("""{"title":"two\nlines"}""", "invalid_title")]
    [InlineData("""{"channelId":""}""", "invalid_channel_id")]
    [InlineData("""{"channelId":"a b"}""", "invalid_channel_id")]
    public async Task A_wrong_description_is_told_what_would_be_right_and_changes_nothing(string body, string code)
    {
        (await running.Put("/v1/videos/wrong", body)).IsProblem(HttpStatusCode.BadRequest, code);
        (await running.Get("/v1/videos/wrong")).IsProblem(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task A_title_has_at_most_two_hundred_characters()
    {
        Assert.Equal(HttpStatusCode.OK, (await running.Put("/v1/videos/long", $$"""{"title":"{{string.Concat(Enumerable.Repeat("\\u00e4", 200))}}"}""")).Status);
        (await running.Put("/v1/videos/long", $$"""{"title":"{{new string('a', 201)}}"}""")).IsProblem(HttpStatusCode.BadRequest, "invalid_title");
        (await running.Put("/v1/videos/long", $$"""{"title":"{{new string('a', 5_000)}}"}""")).IsProblem(HttpStatusCode.RequestEntityTooLarge, "body_too_large");
        (await running.Put("/v1/videos/a%2Fb", "{}")).IsProblem(HttpStatusCode.BadRequest, "invalid_video_id");
    }

    private static VideoId Id(string video) => VideoId.Parse(video);

    private static (string? Title, string? ChannelId, long Views) About(JsonNode answer) =>
        (answer["title"]?.GetValue<string>(), answer["channelId"]?.GetValue<string>(), answer["totals"]!["view"]!["count"]!.GetValue<long>());
}
