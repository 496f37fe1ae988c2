using System.Globalization;
using System.Net;
using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Commands;
using Orleans.Counter.Client;
using Orleans.Counter.Tests.Query;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

/// <summary>A file of history goes into a service: into a real one, and into one that is not well.</summary>
public sealed class HistoryImportTests(QueryHttpTests.Running running) : IClassFixture<QueryHttpTests.Running>, IDisposable
{
    private static readonly DateTimeOffset Noon = new(2019, 3, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly CounterClientOptions Quick = new() { RetryDelay = TimeSpan.FromMilliseconds(1), RetriesMax = 3 };

    private readonly string _file = Path.GetTempFileName();
    private readonly StringWriter _output = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task Every_minute_of_the_file_is_set_in_whatever_order_it_comes_and_a_second_import_changes_nothing()
    {
        await Started();
        var lines = Enumerable.Range(0, 9_000).Select(number => $"file-{number % 3},view,{Time(Noon.AddMinutes(number / 3 * 7))},{number + 1}").ToArray();
        new Random(7).Shuffle(lines);
        Write(["videoId,type,timestamp,count", .. lines]);

        Assert.Equal(0, await Import(new(running.Http)));
        Assert.Equal(0, await Import(new(running.Http)));

        for (var video = 0; video < 3; video++)
            Assert.Equal(Enumerable.Range(0, 3_000).Sum(number => (3L * number) + video + 1), await new CounterClient(running.Http).CountAsync(VideoId.Parse($"file-{video}"), EventType.View, cancellationToken: Token));
        Assert.Contains("Read 9,000 lines.", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains(" 0 were set, and ", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("100 % of", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_not_set_is_named_by_its_line_in_the_file_and_fails_the_import()
    {
        await Started();
        Write(["videoId,type,timestamp,count,sum", .. Enumerable.Range(0, 3_600).Select(number => $"good,view,{Time(Noon.AddMinutes(number))},1,"), $"bad,view,{Time(Noon)},1,7", $"live,view,{Time(DateTimeOffset.UtcNow)},1,"]);

        Assert.Equal(1, await Import(new(running.Http)));

        var said = _output.ToString();
        Assert.Contains("Not set: 1 lines and 1 days.", said, StringComparison.Ordinal);
        Assert.Contains("line 3602: invalid_sum, ", said, StringComparison.Ordinal);
        Assert.Contains($"live view {DateTime.UtcNow:yyyy-MM-dd}, 1 lines: counted_live, ", said, StringComparison.Ordinal);
        Assert.Equal(3_600, await new CounterClient(running.Http).CountAsync(VideoId.Parse("good"), EventType.View, cancellationToken: Token));
    }

    [Fact]
    public async Task A_request_that_fails_for_now_is_sent_again_as_it_was()
    {
        Write("videoId,type,timestamp,count,sum,min,max", $"kittens,view,{Time(Noon)},3,,,", $"kittens,watch,{Time(Noon)},2,1.5,0.5,1");
        var handler = new RecordingHandler(
            () => RecordingHandler.Problem(HttpStatusCode.ServiceUnavailable, """{"code":"rollup_not_started"}"""), () => new(HttpStatusCode.TooManyRequests),
            () => RecordingHandler.Json(HttpStatusCode.OK, """{"lines":2,"daysSet":2,"daysUnchanged":0,"rejected":[],"refused":[]}"""));

        Assert.Equal(0, await Import(Client(handler)));

        var (url, body) = Assert.Single(handler.Requests.Distinct());
        Assert.Equal(3, handler.Requests.Count);
        Assert.Equal("/v1/admin/history", url);
        Assert.Equal(
            """
            {"videoId":"kittens","type":"view","timestamp":"2019-03-31T12:00:00Z","count":3}
            {"videoId":"kittens","type":"watch","timestamp":"2019-03-31T12:00:00Z","count":2,"sum":1.5,"min":0.5,"max":1}

            """.ReplaceLineEndings("\n"),
            body);
    }

    [Fact]
    public async Task Lines_that_are_all_rejected_are_no_failure_of_the_request()
    {
        Write("videoId,type,timestamp,count", $"kittens,view,{Time(Noon)},3");
        var handler = new RecordingHandler(() => RecordingHandler.Problem(HttpStatusCode.BadRequest, """{"code":"no_valid_line","rejected":[{"line":1,"code":"invalid_count","detail":"Too many."}]}"""));

        Assert.Equal(1, await Import(Client(handler)));

        Assert.Contains("  line 2: invalid_count, Too many.", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_stays_away_or_refuses_ends_the_import_which_says_that_it_can_be_made_again()
    {
        Write("videoId,type,timestamp,count", $"kittens,view,{Time(Noon)},3");
        var away = await Assert.ThrowsAsync<CommandFailedException>(() => Import(Client(new(Enumerable.Repeat(() => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable), 4).ToArray()))));
        Assert.Contains("can be imported again", away.Message, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<CommandFailedException>(() => Import(Client(new(() => RecordingHandler.Problem(HttpStatusCode.Forbidden, """{"code":"forbidden"}""")))));
        Assert.Contains("403 forbidden", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_is_wrong_ends_the_import()
    {
        await Started();
        Write("videoId,type,timestamp,count", $"kittens,view,{Time(Noon)},3", "kittens");
        Assert.Contains("line 3", (await Assert.ThrowsAsync<CommandFailedException>(() => Import(new(running.Http)))).Message, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(_file, [.. "videoId,type,timestamp,count\n"u8, 0xff, 0xfe, 0xff], Token);
        Assert.Contains("not valid UTF-8", (await Assert.ThrowsAsync<CommandFailedException>(() => Import(new(running.Http)))).Message, StringComparison.Ordinal);
    }

    private static CounterClient Client(RecordingHandler handler) => new(new HttpClient(handler) { BaseAddress = new("http://counter.test") }, Quick);

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture);

    private async Task Started()
    {
        var liveFrom = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-20);
        foreach (var group in Group.All)
            if (await running.Store.ReadGroup(group, Token) is null) await running.Store.WriteGroup(group, new(liveFrom, liveFrom.AddDays(-1), liveFrom.AddDays(-1)), null, [], Token);
    }

    private void Write(params IEnumerable<string> lines) => File.WriteAllLines(_file, lines);

    private Task<int> Import(CounterClient client) => ImportCommand.RunHistory(_file, client, _output, Token);
}
