using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Counter.History;
using Orleans.Counter.Tests.Ingest;
using Orleans.Counter.Tests.Query;
using Xunit;

namespace Orleans.Counter.Tests.History;

/// <summary>Finished days are imported, through HTTP.</summary>
public sealed class HistoryHttpTests(QueryHttpTests.Running running) : IClassFixture<QueryHttpTests.Running>
{
    private const string Lines = "application/x-ndjson";
    private static readonly DateTimeOffset Now = Minute.Of(DateTimeOffset.UtcNow).Start;
    private static readonly DateOnly LiveFrom = DateOnly.FromDateTime(Now.UtcDateTime).AddDays(-20);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Days_of_years_ago_are_in_every_answer_and_again_they_change_nothing()
    {
        await Started();
        const string csv = """
            videoId,type,timestamp,count,sum,min,max
            history,view,2019-03-31T23:59:00Z,5,,,
            history,view,2019-04-01T00:00Z,7,7,1,1
            history,watch,2019-04-01T02:00:00+02:00,3,60,10,30

            "history-2","view","2019-04-01T00:00:00Z","4","","",""
            """;
        var before = (await running.Json("/v1/audit"))["imported"]!.GetValue<long>();

        Equal("""{"lines":4,"daysSet":4,"daysUnchanged":0,"rejected":[],"refused":[]}""", await Import(csv));

        Assert.Equal((12, 5, 4), (await Count("history"), await Count("history", "&to=2019-04-01T00:00Z"), await Count("history-2")));
        Assert.Equal(
            """{"videoId":"history","type":"watch","count":3,"sum":60,"avg":20,"min":10,"max":30}""", await running.Text("/v1/videos/history/stats?type=watch&from=2019-04-01T00:00Z&to=2019-04-01T00:01Z"));
        Assert.Equal(before + 19, (await running.Json("/v1/audit"))["imported"]!.GetValue<long>());
        Equal("""{"lines":4,"daysSet":0,"daysUnchanged":4,"rejected":[],"refused":[]}""", await Import(csv));
        Equal("""{"lines":1,"daysSet":1,"daysUnchanged":0,"rejected":[],"refused":[]}""", await Import("""{"videoId":"history","type":"view","timestamp":"2019-04-01T00:00:00Z","count":0}""", Lines));
        Assert.Equal((5, before + 12), (await Count("history"), (await running.Json("/v1/audit"))["imported"]!.GetValue<long>()));

        await running.Delete("/v1/videos/history");
        Assert.Equal((0, before + 4), (await Count("history"), (await running.Json("/v1/audit"))["imported"]!.GetValue<long>()));
    }

    [Fact]
    public async Task A_channel_counts_what_is_imported_of_its_videos()
    {
        await Started();
        await running.Put("/v1/videos/old-film", """{"channelId":"archive"}""");
        Assert.Equal(0, (await running.Json("/v1/channels/archive/count"))["count"]!.GetValue<long>());

        await Import("videoId,type,timestamp,count\nold-film,view,2019-03-31T23:59:00Z,5");

        Assert.Equal(5, (await running.Json("/v1/channels/archive/count"))["count"]!.GetValue<long>());
    }

    [Fact]
    public async Task Days_that_are_counted_live_are_refused_and_the_others_set()
    {
        await Started();
        string Line(DateTimeOffset time) => $"half,view,{time.ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture)},1\n";
        var answer = await Import($"videoId,type,timestamp,count\n{Line(At(LiveFrom.AddDays(-1)))}{Line(At(LiveFrom))}{Line(At(LiveFrom).AddMinutes(7))}{Line(Now.AddYears(1))}");

        Assert.Equal((4, 1), (answer.Body!["lines"]!.GetValue<int>(), answer.Body["daysSet"]!.GetValue<int>()));
        var refused = answer.Body["refused"]!.AsArray();
        Assert.Equal(["counted_live", "counted_live"], refused.Select(day => day!["code"]!.GetValue<string>()));
        Assert.Equal(("half", "view", LiveFrom.ToString("O", CultureInfo.InvariantCulture), 2), (
            refused[0]!["videoId"]!.GetValue<string>(), refused[0]!["type"]!.GetValue<string>(), refused[0]!["day"]!.GetValue<string>(), refused[0]!["lines"]!.GetValue<int>()));
        Assert.Equal(1, await Count("half"));
    }

    [Fact]
    public async Task A_day_that_no_event_was_counted_in_but_that_is_not_over_for_long_enough_is_refused()
    {
        await Started(Now.AddYears(2));
        var answer = await Import($"videoId,type,timestamp,count\nsoon,view,{Now.AddDays(-7).ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture)},1");
        Assert.Equal("not_sealed", answer.Body!["refused"]![0]!["code"]!.GetValue<string>());
        Assert.Equal(0, await Count("soon"));
    }

    [Fact]
    public async Task A_line_that_breaks_a_rule_is_rejected_by_its_number_and_the_others_are_set()
    {
        await Started();
        var answer = await Import("""
            videoId,timestamp,type,count,min,max,sum
            a b,2019-03-31T23:59:00Z,view,1,,,
            rules,2019-03-31T23:59:00Z,View,1,,,
            rules,2019-03-31T23:59:30Z,view,1,,,
            rules,2019-03-31T23:59,view,1,,,
            rules,2019-03-31T23:59:00Z,view,-1,,,
            rules,2019-03-31T23:59:00Z,view,1.5,,,
            rules,2019-03-31T23:59:00Z,view,,,,
            rules,2019-03-31T23:59:00Z,view,1000000000001,,,
            rules,2019-03-31T23:59:00Z,view,2,,,1e999
            rules,2019-03-31T23:59:00Z,view,2,x,1,1
            rules,2019-03-31T23:59:00Z,view,2,1,NaN,1
            rules,2019-03-31T23:59:00Z,view,2,2,1,3
            rules,2019-03-31T23:59:00Z,view,1,2,3,3
            rules,2019-03-31T23:59:00Z,view,2,,,3
            rules,2019-03-31T23:59:00Z,view,3,1,4,5.5
            rules,2019-03-31T23:59:00Z,view,3,1,4,9.5
            rules,2019-03-31T23:59:00Z,view,0,1,4,9.5
            rules,2019-03-31T23:58:00Z,view,3,0.1,0.1,0.30000000000000004
            rules,2019-03-31T23:58:00Z,view,3,,,
            rules,2019-03-31T23:57:00Z,view,3,1,4,6
            rules,2019-03-31T23:56:00Z,view,3,1,4,9
            rules,2019-03-31T23:55:00Z,view,0,0,0,0
            """);

        Assert.Equal(
            [
                (2, "invalid_video_id"), (3, "invalid_type"), (4, "invalid_timestamp"), (5, "invalid_timestamp"), (6, "invalid_count"), (7, "invalid_count"), (8, "invalid_count"), (9, "invalid_count"), (10, "invalid_sum"),
                (11, "invalid_min"), (12, "invalid_max"), (13, "invalid_min"), (14, "invalid_min"), (15, "invalid_sum"), (16, "invalid_sum"), (17, "invalid_sum"), (18, "invalid_sum"), (20, "repeated_minute"),
            ],
            answer.Body!["rejected"]!.AsArray().Select(line => (line!["line"]!.GetValue<int>(), line["code"]!.GetValue<string>())));
        Assert.Equal((22, 1), (answer.Body["lines"]!.GetValue<int>(), answer.Body["daysSet"]!.GetValue<int>()));
        Assert.Contains("come to 6 at least and 9 at most", answer.Body["rejected"]![15]!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(9, await Count("rules"));
    }

    [Theory]
    [InlineData("", "no_valid_line")]
    [InlineData("videoId,type,timestamp,count", "no_valid_line")]
    [InlineData("videoId,type,timestamp,count\nv,view,2019-03-31T23:59:00Z,x", "no_valid_line")]
    [InlineData("videoId,type,timestamp\nv,view,2019-03-31T23:59:00Z", "malformed_body")]
    [InlineData("videoId,type,timestamp,count,count\nv,view,2019-03-31T23:59:00Z,1,1", "malformed_body")]
    [InlineData("videoId,type,timestamp,count,views\nv,view,2019-03-31T23:59:00Z,1,1", "unknown_member")]
    [InlineData("v,view,2019-03-31T23:59:00Z,1", "unknown_member")]
    [InlineData("videoId,type,timestamp,count\nv,view,2019-03-31T23:59:00Z", "malformed_body")]
    [InlineData("videoId,type,timestamp,count\nv,view,2019-03-31T23:59:00Z,1,1", "malformed_body")]
    [InlineData("videoId,type,timestamp,count\n\"v,view,2019-03-31T23:59:00Z\",1,1", "malformed_body")]
    public async Task A_file_that_is_wrong_is_answered_with_what_would_be_right(string csv, string code)
    {
        await Started();
        Assert.NotEmpty((await Import(csv)).IsProblem(HttpStatusCode.BadRequest, code).Detail);
    }

    [Theory]
    [InlineData("[]", "malformed_body")]
    [InlineData("{", "malformed_body")]
    [InlineData("""{"videoId":"v","type":"view","timestamp":"2019-03-31T23:59:00Z","count":1} {}""", "malformed_body")]
    [InlineData("""{"videoId":"v","videoId":"v","type":"view","timestamp":"2019-03-31T23:59:00Z","count":1}""", "malformed_body")]
    [InlineData("""{"videoId":"v","type":"view","timestamp":"2019-03-31T23:59:00Z","count":1,"title":"x"}""", "unknown_member")]
    [InlineData("""{"videoId":"\ud83d","type":"view","timestamp":"2019-03-31T23:59:00Z","count":1}""", "malformed_body")]
    [InlineData("""{"videoId":"v","type":"view","timestamp":"2019-03-31T23:59:00Z","count":"1"}""", "no_valid_line")]
    [InlineData("""{"videoId":7,"type":"view","timestamp":"2019-03-31T23:59:00Z","count":1}""", "no_valid_line")]
    [InlineData("""{"videoId":"v","type":"view","timestamp":"2019-03-31T23:59:00Z","count":null}""", "no_valid_line")]
    [InlineData("""{"videoId":"v","timestamp":"2019-03-31T23:59:00Z","count":1}""", "no_valid_line")]
    public async Task A_line_that_is_no_such_object_is_answered_with_what_would_be_right(string line, string code)
    {
        await Started();
        Assert.NotEmpty((await Import(line, Lines)).IsProblem(HttpStatusCode.BadRequest, code).Detail);
    }

    [Fact]
    public async Task What_is_too_large_or_of_another_kind_is_refused()
    {
        await Started();
        var lines = string.Concat(Enumerable.Repeat("v,view,2019-03-31T23:59:00Z,1\n", HistoryBody.LinesMax + 1));
        (await Import($"videoId,type,timestamp,count\n{lines}")).IsProblem(HttpStatusCode.RequestEntityTooLarge, "too_many_lines");
        (await Import(new string(' ', HistoryBody.BytesMax + 1))).IsProblem(HttpStatusCode.RequestEntityTooLarge, "body_too_large");
        (await Import("{}", "application/json")).IsProblem(HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
    }

    [Fact]
    public async Task As_many_lines_as_a_request_may_have_are_set()
    {
        await Started();
        var lines = Enumerable.Range(0, HistoryBody.LinesMax).Select(number => $"many-{number % 50},view,{At(new DateOnly(2019, 1, 1)).AddDays(number / 50 % 20).AddMinutes(number / 1000).ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture)},{number + 1}");
        var answer = await Import($"videoId,type,timestamp,count\n{string.Join('\n', lines)}");
        Equal("""{"lines":5000,"daysSet":1000,"daysUnchanged":0,"rejected":[],"refused":[]}""", answer);
        Assert.Equal(Enumerable.Range(0, 100).Sum(number => (number * 50L) + 8), await Count("many-7"));
    }

    private static DateTimeOffset At(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);

    private static void Equal(string expected, Answer answer) => Assert.Equal((HttpStatusCode.OK, expected), (answer.Status, answer.Body!.ToJsonString()));

    /// <summary>Rollup has run: it says from which day on counts are live.</summary>
    private async Task Started(DateTimeOffset? liveFrom = null)
    {
        var from = liveFrom is { } time ? DateOnly.FromDateTime(time.UtcDateTime) : LiveFrom;
        foreach (var group in Group.All) await running.Store.WriteGroup(group, new(from, from.AddDays(-1), from.AddDays(-1)), (await running.Store.ReadGroup(group, Token))?.Version, [], Token);
    }

    private Task<Answer> Import(string body, string mediaType = HistoryBody.Csv) => running.Post("/v1/admin/history", body, mediaType);

    private async Task<long> Count(string video, string query = "") => (await running.Json($"/v1/videos/{video}/count?type=view{query}"))["count"]!.GetValue<long>();
}

/// <summary>Before rollup has run for the first time.</summary>
public sealed class HistoryBeforeRollupTests(QueryHttpTests.Running running) : IClassFixture<QueryHttpTests.Running>
{
    [Fact]
    public async Task The_first_import_has_rollup_say_which_days_are_live()
    {
        var answer = await running.Post("/v1/admin/history", $"videoId,type,timestamp,count\nearly,view,2019-03-31T23:59:00Z,5\nearly,view,{DateTime.UtcNow:yyyy-MM-ddTHH:mmZ},5", HistoryBody.Csv);

        Assert.Equal((1, "counted_live"), (answer.Body!["daysSet"]!.GetValue<int>(), answer.Body["refused"]![0]!["code"]!.GetValue<string>()));
        Assert.Equal(5, (await running.Json("/v1/videos/early/count"))["count"]!.GetValue<long>());
        Assert.NotNull(running.Store.GroupOf(Group.Of(VideoId.Parse("early"))));
    }

    [Fact]
    public async Task As_long_as_it_does_not_say_it_nothing_is_set()
    {
        var import = new HistoryImport(running.Grains, new MemoryCountStore(), Options.Create(new AcceptanceOptions()), TimeProvider.System);
        Assert.Null(await import.Run([new(VideoId.Parse("never"), EventType.View, new(25_000_000), Cell.Plain(1))], TestContext.Current.CancellationToken));
        Assert.Equal(0, (await running.Json("/v1/videos/never/count"))["count"]!.GetValue<long>());
    }
}
