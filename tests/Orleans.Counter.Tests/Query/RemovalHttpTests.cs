using System.Net;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>A video and its history are removed, through HTTP.</summary>
public sealed class RemovalHttpTests(QueryHttpTests.Running running) : IClassFixture<QueryHttpTests.Running>
{
    private static readonly DateTimeOffset Now = Minute.Of(DateTimeOffset.UtcNow).Start;
    private static readonly DateTimeOffset Day = new(Now.AddDays(-3).Date, TimeSpan.Zero);

    [Fact]
    public async Task Nothing_of_a_removed_video_is_left_and_what_comes_later_counts_from_nothing()
    {
        await running.Put("/v1/videos/gone", """{"title":"Once","channelId":"ghosts"}""");
        await running.SendAndStore(new Event(Id("gone"), Day.AddHours(5)), new Event(Id("gone"), Day.AddHours(5), "like"), new Event(Id("gone"), Now), new Event(Id("gone"), Now.AddDays(-9)));
        await running.SendAndStore(new Event(Id("gone"), Now)); // The old hours have settled by now.
        Assert.Equal(3, (await running.Json("/v1/channels/ghosts/count"))["count"]!.GetValue<long>());

        Assert.Equal(HttpStatusCode.NoContent, (await running.Delete("/v1/videos/gone")).Status);

        foreach (var asleep in new[] { false, true })
        {
            if (asleep) await running.Forget("gone");
            (await running.Get("/v1/videos/gone")).IsProblem(HttpStatusCode.NotFound, "not_found");
            Assert.Equal(0, await Count(""));
            Assert.Equal(0, (await running.Json("/v1/channels/ghosts/count"))["count"]!.GetValue<long>());
            (await running.Delete("/v1/videos/gone")).IsProblem(HttpStatusCode.NotFound, "not_found");
        }

        await running.SendAndStore(new Event(Id("gone"), Day.AddHours(2)), new Event(Id("gone"), Day.AddHours(8)), new Event(Id("gone"), Now));
        await running.SendAndStore(new Event(Id("gone"), Now)); // The old hours settle beside those that were removed.
        await running.Forget("gone");
        Assert.Equal((4, 2), (await Count(""), await Count($"?to={Now.AddDays(-1):yyyy-MM-ddTHH:mmZ}")));
        Assert.Null((await running.Json("/v1/videos/gone"))["title"]);
    }

    [Fact]
    public async Task A_video_that_was_never_seen_cannot_be_removed() => (await running.Delete("/v1/videos/never")).IsProblem(HttpStatusCode.NotFound, "not_found");

    [Fact]
    public async Task What_is_no_video_id_cannot_be_removed() => (await running.Delete("/v1/videos/a%20b")).IsProblem(HttpStatusCode.BadRequest, "invalid_video_id");

    private static VideoId Id(string video) => VideoId.Parse(video);

    private async Task<long> Count(string query) => (await running.Json($"/v1/videos/gone/count{query}"))["count"]!.GetValue<long>();
}
