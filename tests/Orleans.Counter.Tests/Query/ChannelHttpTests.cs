using System.Net;
using CsCheck;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>What was counted of all videos of a channel, through HTTP.</summary>
public sealed class ChannelHttpTests(QueryHttpTests.Running running) : IClassFixture<QueryHttpTests.Running>
{
    private static readonly DateTimeOffset Now = Minute.Of(DateTimeOffset.UtcNow).Start;

    [Fact]
    public async Task A_channel_that_owns_nothing_answers_0_and_no_points()
    {
        Assert.Equal("""{"channelId":"nobody","type":"view","count":0}""", await running.Text("/v1/channels/nobody/count"));
        Assert.Equal("""{"channelId":"nobody","type":"like","granularity":"hour","timeZone":"UTC","points":[]}""", await running.Text("/v1/channels/nobody/series?type=like&granularity=hour&from=2026-11-23T00:00Z&to=2026-11-24T00:00Z"));
    }

    [Fact]
    public async Task A_channel_counts_what_its_videos_count_at_every_moment()
    {
        await Own("rising", "r1", "r2", "r3");
        Assert.Equal(0, await Count("rising"));
        for (var i = 1; i <= 10; i++)
        {
            await running.SendAndStore(new Event(Id($"r{1 + (i % 3)}"), Now.AddMinutes(-i)), new Event(Id("r2"), Now, "like"), new Event(Id("stranger"), Now));
            Assert.Equal((i, i), (await Count("rising"), await Count("rising", "?type=like")));
        }

        Assert.Equal(3, await Count("rising", $"?from={Now.AddMinutes(-3):yyyy-MM-ddTHH:mmZ}"));
        var points = (await running.Json($"/v1/channels/rising/series?granularity=minute&from={Now.AddHours(-1):yyyy-MM-ddTHH:mmZ}&to={Now.AddHours(1):yyyy-MM-ddTHH:mmZ}"))["points"]!.AsArray();
        Assert.Equal(Enumerable.Range(1, 10).Reverse().Select(minutes => (Now.AddMinutes(-minutes).UtcDateTime, 1L)), points.Select(point => (point!["start"]!.GetValue<DateTime>(), point["count"]!.GetValue<long>())));
    }

    [Fact]
    public async Task A_video_that_changes_its_channel_takes_its_whole_history_with_it_at_once()
    {
        await running.SendAndStore(new Event(Id("moves"), Now.AddDays(-2)), new Event(Id("moves"), Now), new Event(Id("stays"), Now));
        await Own("before", "moves", "stays");
        Assert.Equal((3, 0), (await Count("before"), await Count("after")));

        await Own("after", "moves");
        Assert.Equal((1, 2), (await Count("before"), await Count("after")));

        await running.SendAndStore(new Event(Id("moves"), Now));
        await running.Put("/v1/videos/moves", """{"title":"Nobody's"}""");
        Assert.Equal((1, 0), (await Count("before"), await Count("after")));
        Assert.Equal(3, (await running.Json("/v1/videos/moves/count"))["count"]!.GetValue<long>());
    }

    [Fact]
    public async Task The_sum_over_a_channel_is_the_sum_over_the_videos_that_say_they_are_its_own_whatever_is_said_and_counted_meanwhile()
    {
        string[] channels = ["one", "two"];
        string[] videos = [.. Enumerable.Range(0, 6).Select(number => $"shared-{number}")];
        var step = Gen.Select(Gen.Int[0, 5].Select(i => videos[i]), Gen.Int[0, 3], Gen.Int[0, 1].Select(i => channels[i]));

        await step.Array[1, 12].SampleAsync(
            async steps =>
            {
                foreach (var (video, what, channel) in steps)
                {
                    if (what == 0) await Own(channel, video);
                    else if (what == 1) await running.Put($"/v1/videos/{video}", "{}");
                    else if (what == 2) await running.SendAndStore(new Event(Id(video), Now), new Event(Id(video), Now));
                    else await running.Forget(video);
                }

                foreach (var channel in channels)
                {
                    long sum = 0;
                    foreach (var video in videos)
                        if ((await running.Get($"/v1/videos/{video}")).Body is { } body && body["channelId"]?.GetValue<string>() == channel) sum += body["totals"]?["view"]?["count"]?.GetValue<long>() ?? 0;
                    Assert.Equal(sum, await Count(channel));
                    Assert.Equal(sum, await Count(channel, $"?from={Now.AddYears(-1):yyyy-MM-ddTHH:mmZ}"));
                }
            },
            iter: 30, threads: 1);
    }

    [Theory]
    [InlineData("/v1/channels/a%20b/count", "invalid_channel_id")]
    [InlineData("/v1/channels/a%20b/series?from=2026-11-23T00:00Z&to=2026-11-24T00:00Z", "invalid_channel_id")]
    [InlineData("/v1/channels/cats/count?type=View", "invalid_type")]
    [InlineData("/v1/channels/cats/count?from=2026-11-23T00:00:30Z", "invalid_range")]
    [InlineData("/v1/channels/cats/series", "invalid_range")]
    [InlineData("/v1/channels/cats/series?from=2026-11-23T00:00Z&to=2026-11-24T00:00Z&granularity=week", "invalid_granularity")]
    [InlineData("/v1/channels/cats/series?from=2020-11-23T00:00Z&to=2026-11-24T00:00Z&granularity=minute", "too_many_points")]
    public async Task A_question_that_is_wrong_is_answered_with_what_would_be_right(string address, string code) => (await running.Get(address)).IsProblem(HttpStatusCode.BadRequest, code);

    private static VideoId Id(string video) => VideoId.Parse(video);

    private async Task Own(string channel, params string[] videos)
    {
        foreach (var video in videos) Assert.Equal(HttpStatusCode.OK, (await running.Put($"/v1/videos/{video}", $$"""{"channelId":"{{channel}}"}""")).Status);
    }

    private async Task<long> Count(string channel, string query = "") => (await running.Json($"/v1/channels/{channel}/count{query}"))["count"]!.GetValue<long>();
}
