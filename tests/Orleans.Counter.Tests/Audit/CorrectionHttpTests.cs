using System.Net;
using CsCheck;
using Orleans.Counter.Tests.Ingest;
using Orleans.Counter.Tests.Query;
using Xunit;

namespace Orleans.Counter.Tests.Audit;

/// <summary>Fraud is taken out and put back, through HTTP.</summary>
public sealed class CorrectionHttpTests(QueryHttpTests.Running running) : IClassFixture<QueryHttpTests.Running>
{
    private static readonly DateTimeOffset Now = Minute.Of(DateTimeOffset.UtcNow).Start;
    private static int _ids;

    [Fact]
    public async Task What_is_taken_out_is_gone_from_the_minute_the_total_and_the_channel_and_its_opposite_brings_it_back()
    {
        await running.Put("/v1/videos/bots", """{"channelId":"farm"}""");
        await running.SendAndStore([.. Enumerable.Repeat(new Event(Id("bots"), Now.AddMinutes(-5)), 7), new Event(Id("bots"), Now)]);
        Assert.Equal(8, (await running.Json("/v1/channels/farm/count"))["count"]!.GetValue<long>());
        var before = (await running.Json("/v1/audit"))["repaired"]!.GetValue<long>();

        var taken = await Correct("out", "bots", Now.AddMinutes(-5), -6);
        Assert.Equal($$$"""{"id":"out","videoId":"bots","type":"view","minute":"{{{Now.AddMinutes(-5):yyyy-MM-ddTHH:mm:ssZ}}}","count":1,"sum":1,"total":2}""", taken.Body!.ToJsonString());
        Assert.Equal((2, 1), (await Count("bots"), await Count("bots", Now.AddMinutes(-5))));
        Assert.Equal(2, (await running.Json("/v1/channels/farm/count"))["count"]!.GetValue<long>());
        Assert.Equal(before - 6, (await running.Json("/v1/audit"))["repaired"]!.GetValue<long>());

        Assert.Equal(taken.Body!.ToJsonString(), (await Correct("out", "bots", Now.AddMinutes(-5), -6)).Body!.ToJsonString());
        await running.Forget("bots");
        Assert.Equal(taken.Body!.ToJsonString(), (await Correct("out", "bots", Now.AddMinutes(-5), -6)).Body!.ToJsonString());
        Assert.Equal(2, await Count("bots"));

        await Correct("back", "bots", Now.AddMinutes(-5), 6);
        await running.Forget("bots");
        Assert.Equal((8, 7), (await Count("bots"), await Count("bots", Now.AddMinutes(-5))));
        Assert.Equal("""{"count":8,"sum":8,"min":1,"max":1}""", (await running.Json("/v1/videos/bots"))["totals"]!["view"]!.ToJsonString());
        Assert.Equal((before, 0), ((await running.Json("/v1/audit"))["repaired"]!.GetValue<long>(), (await running.Json("/v1/audit"))["difference"]!.GetValue<long>()));
    }

    [Fact]
    public async Task A_minute_that_has_settled_is_opened_again_and_one_that_never_was_can_be_filled()
    {
        var old = Now.AddDays(-4);
        await running.SendAndStore(new Event(Id("settled"), old), new Event(Id("settled"), old.AddMinutes(1)));
        await running.SendAndStore(new Event(Id("settled"), Now));
        await running.Forget("settled");

        await Correct("s1", "settled", old, -1);
        await Correct("s2", "settled", old.AddMinutes(2), 5, sum: 12.5);
        await Correct("s3", "settled", Now.AddDays(-400), 3, type: "import");
        await running.Forget("settled");

        Assert.Equal((7, 0, 1, 5), (await Count("settled"), await Count("settled", old), await Count("settled", old.AddMinutes(1)), await Count("settled", old.AddMinutes(2))));
        Assert.Equal("""{"count":3,"sum":3,"min":1,"max":1}""", (await running.Json("/v1/videos/settled"))["totals"]!["import"]!.ToJsonString());
        Assert.Equal(2.5, (await running.Json("/v1/videos/settled"))["totals"]!["view"]!["max"]!.GetValue<double>());
    }

    [Fact]
    public async Task Corrections_and_events_in_any_order_end_at_the_same_count()
    {
        var number = 0;
        await Gen.Select(Gen.Int[0, 3], Gen.Int[0, 2], Gen.Int[-4, 4]).Array[1, 10].SampleAsync(
            async steps =>
            {
                var (video, expected) = ($"any-{number++}", new Dictionary<int, long>());
                foreach (var (what, minute, count) in steps)
                {
                    var held = expected.GetValueOrDefault(minute);
                    if (what == 0) await running.Forget(video);
                    else if (what == 1)
                    {
                        await running.SendAndStore(new Event(Id(video), Now.AddHours(-minute)));
                        expected[minute] = held + 1;
                    }
                    else if (count != 0)
                    {
                        var answer = await Correct($"c{++_ids}", video, Now.AddHours(-minute), count);
                        if (held + count < 0) answer.IsProblem(HttpStatusCode.Conflict, "correction_too_large");
                        else expected[minute] = answer.Body!["count"]!.GetValue<long>();
                        if (held + count >= 0) Assert.Equal(held + count, expected[minute]);
                    }
                }

                foreach (var (minute, count) in expected) Assert.Equal(count, await Count(video, Now.AddHours(-minute)));
                Assert.Equal(expected.Values.Sum(), await Count(video));
            },
            iter: 40, threads: 1);
    }

    [Fact]
    public async Task A_correction_that_was_made_stays_as_it_is()
    {
        Assert.Equal(HttpStatusCode.OK, (await Correct("once", "fixed", Now, 3)).Status);
        (await Correct("once", "fixed", Now, 4)).IsProblem(HttpStatusCode.Conflict, "correction_differs");
        (await Correct("once", "fixed", Now.AddMinutes(-1), 3)).IsProblem(HttpStatusCode.Conflict, "correction_differs");
        Assert.Equal(HttpStatusCode.OK, (await Correct("once", "another", Now, 4)).Status);
        Assert.Equal(3, await Count("fixed"));
    }

    [Fact]
    public async Task No_more_can_be_taken_out_than_there_is()
    {
        await running.SendAndStore(new Event(Id("little"), Now));

        (await Correct("too-much", "little", Now, -2)).IsProblem(HttpStatusCode.Conflict, "correction_too_large");
        Assert.Equal(HttpStatusCode.OK, (await Correct("too-much", "little", Now, -1)).Status);

        Assert.Equal("""{"videoId":"little","type":"view","count":0,"sum":0,"avg":null,"min":null,"max":null}""", await running.Text("/v1/videos/little/stats"));
    }

    [Fact]
    public async Task A_video_gets_no_33rd_type_by_a_correction()
    {
        for (var type = 0; type < 32; type++) Assert.Equal(HttpStatusCode.OK, (await Correct($"t{type}", "types", Now, 1, type: $"type_{type}")).Status);
        (await Correct("t32", "types", Now, 1, type: "type_32")).IsProblem(HttpStatusCode.Conflict, "too_many_types");
    }

    [Theory]
    [InlineData("[]", "malformed_body")]
    [InlineData("{}", "malformed_body")]
    [InlineData("""{"id":"a","videoId":"v","minute":"2026-11-23T10:00Z","count":1}""", "malformed_body")]
    [InlineData("""{"id":"a","videoId":"v","minute":"2026-11-23T10:00Z","count":"1","reason":"r"}""", "malformed_body")]
    [InlineData("""{"id":"a","videoId":"v","minute":"2026-11-23T10:00Z","count":1,"reason":"r","who":"me"}""", "unknown_member")]
    [InlineData("""{"id":"a b","videoId":"v","minute":"2026-11-23T10:00Z","count":1,"reason":"r"}""", "invalid_id")]
    [InlineData("""{"id":"a","videoId":"v w","minute":"2026-11-23T10:00Z","count":1,"reason":"r"}""", "invalid_video_id")]
    [InlineData("""{"id":"a","videoId":"v","type":"View","minute":"2026-11-23T10:00Z","count":1,"reason":"r"}""", "invalid_type")]
    [InlineData("""{"id":"a","videoId":"v","minute":"2026-11-23T10:00:30Z","count":1,"reason":"r"}""", "invalid_minute")]
    [InlineData("""{"id":"a","videoId":"v","minute":"2126-11-23T10:00Z","count":1,"reason":"r"}""", "invalid_minute")]
    [InlineData("""{"id":"a","videoId":"v","minute":"1926-11-23T10:00Z","count":1,"reason":"r"}""", "invalid_minute")]
    [InlineData("""{"id":"a","videoId":"v","minute":"2026-11-23T10:00Z","count":0,"reason":"r"}""", "invalid_count")]
    [InlineData("""{"id":"a","videoId":"v","minute":"2026-11-23T10:00Z","count":1.5,"reason":"r"}""", "invalid_count")]
    [InlineData("""{"id":"a","videoId":"v","minute":"2026-11-23T10:00Z","count":-9223372036854775808,"reason":"r"}""", "invalid_count")]
    [InlineData("""{"id":"a","videoId":"v","minute":"2026-11-23T10:00Z","count":1,"sum":-1,"reason":"r"}""", "invalid_sum")]
    [InlineData("""{"id":"a","videoId":"v","minute":"2026-11-23T10:00Z","count":1,"sum":1e999,"reason":"r"}""", "invalid_sum")]
    [InlineData("""{"id":"a","videoId":"v","minute":"2026-11-23T10:00Z","count":1,"reason":""}""", "invalid_reason")]
    public async Task A_correction_that_is_wrong_is_answered_with_what_would_be_right(string body, string code) =>
        (await running.Post("/v1/admin/corrections", body)).IsProblem(HttpStatusCode.BadRequest, code);

    private static VideoId Id(string video) => VideoId.Parse(video);

    private Task<Answer> Correct(string id, string video, DateTimeOffset minute, long count, double? sum = null, string type = "view") => running.Post(
        "/v1/admin/corrections",
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $$"""{"id":"{{id}}","videoId":"{{video}}","type":"{{type}}","minute":"{{minute:yyyy-MM-ddTHH:mm}}Z","count":{{count}},"sum":{{sum ?? count}},"reason":"A test."}"""));

    private async Task<long> Count(string video, DateTimeOffset? minute = null) =>
        (await running.Json($"/v1/videos/{video}/count{(minute is { } from ? $"?from={from:yyyy-MM-ddTHH:mmZ}&to={from.AddMinutes(1):yyyy-MM-ddTHH:mmZ}" : "")}"))["count"]!.GetValue<long>();
}
