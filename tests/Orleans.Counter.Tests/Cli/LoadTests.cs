using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Web;
using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Commands;
using Orleans.Counter.Cli.Load;
using Orleans.Counter.Client;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

public sealed class LoadTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 10, 5, 30, TimeSpan.Zero);

    private readonly SteppedTime _time = new(Start);
    private readonly CountsMinutes _counter = new();
    private readonly StringWriter _output = new();

    private string Said => _output.ToString();

    public void Dispose()
    {
        _counter.Dispose();
        _output.Dispose();
    }

    [Fact]
    public async Task A_service_that_counts_every_event_once_is_exact()
    {
        Assert.Equal(0, await Load());

        Assert.Contains("0 missing, 0 extra, 0 minutes differ.", Said, StringComparison.Ordinal);
        Assert.Contains("Exact: every minute of 5 videos.", Said, StringComparison.Ordinal);
        Assert.True(_counter.Repeats > 0);
    }

    [Fact]
    public async Task One_event_that_is_lost_fails_the_load_and_its_minute_is_named()
    {
        _counter.Loses = "100";

        Assert.Equal(1, await Load());

        Assert.Contains("1 missing, 0 extra, 1 minutes differ.", Said, StringComparison.Ordinal);
        Assert.Matches(@"load-\d+ (view|like|watch_seconds) 2026-11-23 \d\d:\d\d:00Z: sent ", Said);
        Assert.Contains("Not exact.", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_event_that_is_counted_twice_fails_the_load()
    {
        _counter.CountsTwice = "100";

        Assert.Equal(1, await Load());

        Assert.Contains("0 missing, 1 extra, 1 minutes differ.", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_counts_repeats_fails_the_load()
    {
        _counter.ForgetsIds = true;

        Assert.Equal(1, await Load());

        Assert.DoesNotContain(" 0 extra", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_in_the_wrong_minute_is_missing_in_one_and_extra_in_the_other()
    {
        _counter.Shift = id => id is "100" ? TimeSpan.FromMinutes(1) : TimeSpan.Zero;

        Assert.Equal(1, await Load());

        Assert.Contains("1 missing, 1 extra, 2 minutes differ.", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_total_that_is_not_the_sum_of_its_minutes_fails_the_load()
    {
        _counter.Wrong = 1;

        Assert.Equal(1, await Load());

        Assert.Contains("since ever: sent count ", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_got_lost_fails_the_load_although_all_events_are_counted()
    {
        _counter.ForgetsValues = true;

        Assert.Equal(1, await Load());

        Assert.Contains("0 missing, 0 extra", Said, StringComparison.Ordinal);
        Assert.Contains("Not exact.", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_comes_too_often_only_after_everything_was_right_is_found_as_well()
    {
        var asked = 0;
        _counter.Asked = () =>
        {
            if (++asked == 5 * LoadPlan.Types.Count) _counter.CountsTwice = "100";
        };

        Assert.Equal(1, await Load());

        Assert.Contains("0 missing, 1 extra, 1 minutes differ.", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_taken_but_not_answered_is_sent_again_with_the_same_ids_and_the_verdict_is_exact()
    {
        _counter.Fails = request => request % 3 is 0 ? HttpStatusCode.InternalServerError : null;

        Assert.Equal(0, await Load());

        Assert.DoesNotContain(" 0 requests were sent again", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_that_are_never_answered_are_told_and_no_verdict_is_exact()
    {
        _counter.Fails = _ => HttpStatusCode.ServiceUnavailable;

        Assert.Equal(1, await Load(seconds: 0.001)); // one request: the clock goes on by what each of them waits

        Assert.Contains("events were not answered in 5 minutes", Said, StringComparison.Ordinal);
        Assert.Contains("Not exact.", Said, StringComparison.Ordinal); // although every one of them was counted
    }

    [Fact]
    public async Task A_rejected_event_is_told_and_no_verdict_is_exact()
    {
        _counter.Rejects = "100";

        Assert.Equal(1, await Load());

        Assert.Contains("was rejected: in_future", Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_refuses_everything_ends_the_load()
    {
        _counter.Fails = _ => HttpStatusCode.Unauthorized;

        var failure = await Assert.ThrowsAsync<CommandFailedException>(() => Load());

        Assert.Contains("401", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--minutes", "1201", "--minutes goes from 0.01 to 1200.")]
    [InlineData("--rate", "0", "--rate goes from 1 to 200000.")]
    [InlineData("--duplicates", "1", "--duplicates goes from 0 to 0.9.")]
    [InlineData("--url", "localhost", "--url looks like http://localhost:5080.")]
    public void What_cannot_be_sent_is_refused(string option, string value, string why) =>
        Assert.Equal(why, Assert.Single(LoadCommand.Create().Parse([option, value]).Errors).Message);

    private async Task<int> Load(double seconds = 5)
    {
        var plan = new LoadPlan(new("load", Start, TimeSpan.FromSeconds(seconds), Rate: 100, Videos: 5, Zipf: 1, Repeats: 0.1, Seed: 1));
        using var http = new HttpClient(_counter) { BaseAddress = new("http://counter") };
        var client = new CounterClient(http, new() { RetriesMax = 0 }); // its waits are not for this test to pass
        var load = LoadCommand.Run(plan, [client], _time, TextWriter.Synchronized(_output), TestContext.Current.CancellationToken);
        await _time.Run(load, TimeSpan.FromHours(3));
        return await load;
    }

    /// <summary>The smallest counter that keeps minutes, and may be wrong in all the ways that matter.</summary>
    private sealed class CountsMinutes : HttpMessageHandler
    {
        private readonly ConcurrentDictionary<(string Video, string Type, string Id), (DateTimeOffset Time, double Value)> _events = [];
        private readonly Lock _lock = new();
        private int _requests;
        private int _taken;

        public string? Loses { get; set; }

        public Func<string, TimeSpan> Shift { get; set; } = _ => TimeSpan.Zero;

        public Func<int, HttpStatusCode?> Fails { get; set; } = _ => null;

        public Action Asked { get; set; } = () => { };

        public string? CountsTwice { get; set; }

        public string? Rejects { get; set; }

        public bool ForgetsIds { get; set; }

        public bool ForgetsValues { get; set; }

        public long Wrong { get; set; }

        public int Repeats { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Method == HttpMethod.Get)
                lock (_lock) return Answer(request.RequestUri!);
            var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
            lock (_lock) return Take(body);
        }

        private HttpResponseMessage Take(byte[] bytes)
        {
            using var body = JsonDocument.Parse(bytes);
            var (accepted, index) = (0, 0);
            var rejected = new List<object>();
            foreach (var e in body.RootElement.GetProperty("events").EnumerateArray())
            {
                var id = e.GetProperty("id").GetString()!;
                var type = e.TryGetProperty("type", out var named) ? named.GetString()! : "view";
                var key = (e.GetProperty("videoId").GetString()!, type, ForgetsIds ? $"{id} {_taken}" : id);
                var number = e.TryGetProperty("value", out var given) && !ForgetsValues ? given.GetDouble() : 1;
                var value = (e.GetProperty("timestamp").GetDateTimeOffset() + Shift(id), number);
                if (id == Rejects) rejected.Add(new { index, code = "in_future", detail = "says its clock" });
                else
                {
                    if (id != Loses && !_events.TryAdd(key, value)) Repeats++;
                    accepted++;
                    _taken++;
                }

                index++;
            }

            return Fails(_requests++) is { } status
                ? RecordingHandler.Problem(status, """{"code":"no_luck"}""")
                : RecordingHandler.Json(HttpStatusCode.Accepted, JsonSerializer.Serialize(new { accepted, rejected }));
        }

        private HttpResponseMessage Answer(Uri question)
        {
            var video = question.Segments[3].TrimEnd('/');
            var type = HttpUtility.ParseQueryString(question.Query)["type"];
            var events = _events.Where(e => e.Key.Video == video && e.Key.Type == type)
                .SelectMany(e => Enumerable.Repeat(e.Value, e.Key.Id == CountsTwice ? 2 : 1)).ToList();
            if (question.Segments[^1] is "count")
            {
                Asked();
                return RecordingHandler.Json(HttpStatusCode.OK, $$"""{"count":{{events.Count + Wrong}}}""");
            }

            var points = events.GroupBy(e => LoadSums.MinuteOf(e.Time)).OrderBy(minute => minute.Key).Select(minute => new
            {
                start = minute.Key.ToString("O", CultureInfo.InvariantCulture),
                count = minute.Count(),
                sum = minute.Sum(e => e.Value),
                min = minute.Min(e => e.Value),
                max = minute.Max(e => e.Value),
            });
            return RecordingHandler.Json(HttpStatusCode.OK, JsonSerializer.Serialize(new { granularity = "minute", points }));
        }
    }
}
