using System.Net;
using System.Text.Json.Nodes;
using CsCheck;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>The most counted videos, through HTTP.</summary>
public sealed class TopHttpTests(QueryHttpTests.Running running) : IClassFixture<QueryHttpTests.Running>
{
    private static readonly DateTimeOffset Now = Minute.Of(DateTimeOffset.UtcNow).Start;

    [Fact]
    public async Task The_most_counted_come_first_and_those_that_are_counted_alike_by_their_ids()
    {
        await running.SendAndStore([.. Views("twice", 2), .. Views("often", 5), .. Views("also_twice", 2), new Event(Id("once"), Now, "first_type"), .. Views("never", 1, "first_other")]);

        var top = await running.Json("/v1/top?type=first_type&window=week");
        Assert.Equal(("first_type", "week"), (top["type"]!.GetValue<string>(), top["window"]!.GetValue<string>()));
        Assert.Equal([("often", 5), ("also_twice", 2), ("twice", 2), ("once", 1)], Listed(Holding(top)));
        Assert.Equal([("often", 5)], Listed(Holding(await running.Json("/v1/top?type=first_type&window=week&limit=1"))));
        Assert.InRange(top["asOf"]!.GetValue<DateTime>(), DateTime.UtcNow.AddMinutes(-5), DateTime.UtcNow.AddSeconds(1));
        Assert.Equal(DayOfWeek.Monday, top["running"]!["start"]!.GetValue<DateTime>().DayOfWeek);
        Assert.Equal(top["last"]!["end"]!.GetValue<DateTime>(), top["running"]!["start"]!.GetValue<DateTime>());

        static Event[] Views(string video, int count, string type = "first_type") => [.. Enumerable.Repeat(new Event(Id(video), Now, type), count)];
    }

    [Fact]
    public async Task Both_windows_say_what_the_counts_of_their_range_say_whatever_is_counted_corrected_and_forgotten_meanwhile()
    {
        var correction = 0;
        string[] videos = [.. Enumerable.Range(0, 8).Select(number => $"ranked-{number}")];
        var step = Gen.Select(Gen.Int[0, 7].Select(i => videos[i]), Gen.Int[0, 5], Gen.Int[0, 1]);

        await step.Array[1, 12].SampleAsync(
            async steps =>
            {
                foreach (var (video, what, day) in steps)
                {
                    var time = Now.AddDays(-day);
                    if (what <= 2) await running.SendAndStore([.. Enumerable.Repeat(new Event(Id(video), time, "second_type"), what + 1)]);
                    else if (what == 3) await running.Forget(video);
                    else if (what == 4) await running.Delete($"/v1/videos/{video}");
                    else await running.Post("/v1/admin/corrections", $$"""{"id":"{{correction++}}","videoId":"{{video}}","type":"second_type","minute":"{{time:yyyy-MM-ddTHH:mmZ}}","count":{{(correction % 2 == 0 ? 2 : -1)}},"sum":{{(correction % 2 == 0 ? 2 : -1)}},"reason":"tried"}""");
                }

                await running.SendAndStore(new Event(Id("ranked-0"), Now, "other_type"));
                await Eventually(async () => (await running.Json("/v1/top?type=second_type&window=day")) is var top && await IsRight(top["last"]!) && await IsRight(top["running"]!));
            },
            iter: 20, threads: 1);

        async Task<bool> IsRight(JsonNode window)
        {
            List<(string Video, long Count)> counts = [];
            foreach (var video in videos) counts.Add((video, (await running.Json($"/v1/videos/{video}/count?type=second_type&from={window["start"]}&to={window["end"]}"))["count"]!.GetValue<long>()));
            return Listed(window).SequenceEqual(counts.Where(one => one.Count > 0).OrderByDescending(one => one.Count).ThenBy(one => one.Video, StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task A_list_is_as_it_was_after_all_shards_began_anew()
    {
        await running.SendAndStore([.. Enumerable.Range(0, 150).SelectMany(number => Enumerable.Repeat(new Event(Id($"many-{number}"), Now, "third_type"), 1 + (number % 13)))]);
        var before = await running.Json("/v1/top?type=third_type&window=day&limit=100");
        Assert.Equal(100, Holding(before)["videos"]!.AsArray().Count);

        await running.ForgetShards();

        Assert.Equal(Holding(before).ToJsonString(), Holding(await running.Json("/v1/top?type=third_type&window=day&limit=100")).ToJsonString());
    }

    [Fact]
    public async Task A_type_nobody_ever_counted_has_empty_lists()
    {
        var top = await running.Json("/v1/top?type=never_counted");
        Assert.Equal(("hour", 0, 0), (top["window"]!.GetValue<string>(), Listed(top["last"]!).Count, Listed(top["running"]!).Count));
    }

    [Theory]
    [InlineData("?type=View", "invalid_type")]
    [InlineData("?window=month", "invalid_window")]
    [InlineData("?window=Hour", "invalid_window")]
    [InlineData("?window=", "invalid_window")]
    [InlineData("?limit=0", "invalid_limit")]
    [InlineData("?limit=101", "invalid_limit")]
    [InlineData("?limit=-1", "invalid_limit")]
    [InlineData("?limit=99999999999999999999", "invalid_limit")]
    [InlineData("?limit=many", "invalid_limit")]
    public async Task A_question_that_is_wrong_is_answered_with_what_would_be_right(string query, string code) => (await running.Get($"/v1/top{query}")).IsProblem(HttpStatusCode.BadRequest, code);

    /// <summary>The window of the test's events: the running one, or, if the clock has moved on meanwhile, the last.</summary>
    private static JsonNode Holding(JsonNode top) => top["running"]!["start"]!.GetValue<DateTime>() <= Now.UtcDateTime ? top["running"]! : top["last"]!;

    private static VideoId Id(string video) => VideoId.Parse(video);

    private static List<(string VideoId, long Count)> Listed(JsonNode window) => [.. window["videos"]!.AsArray().Select(video => (video!["videoId"]!.GetValue<string>(), video["count"]!.GetValue<long>()))];

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition()) patience.Token.ThrowIfCancellationRequested();
    }
}
