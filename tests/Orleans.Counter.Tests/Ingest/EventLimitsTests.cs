using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

public sealed class EventLimitsTests(EventRulesTests.Running running) : IClassFixture<EventRulesTests.Running>
{
    private const int MiB = 1024 * 1024;

    private IngestHost Host => running.Host;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_thousand_events_are_taken_and_one_more_refuses_them_all()
    {
        var before = Host.Hub.Events().Count;
        (await Host.PostEvents(Events(5_001))).IsProblem(HttpStatusCode.RequestEntityTooLarge, "too_many_events");
        Assert.Equal(before, Host.Hub.Events().Count);

        (await Host.PostEvents(Events(5_000))).IsAccepted(5_000);
        Assert.Equal(before + 5_000, Host.Hub.Events().Count);
    }

    [Theory]
    [InlineData(MiB, false)]
    [InlineData(MiB, true)]
    public async Task A_body_of_one_MiB_is_read(int bytes, bool chunked) => (await Post(bytes, chunked)).IsAccepted(1);

    [Theory]
    [InlineData(MiB + 1, false)]
    [InlineData(MiB + 1, true)]
    [InlineData(2 * MiB, false)]
    [InlineData(2 * MiB, true)]
    [InlineData(10 * MiB, false)]
    [InlineData(10 * MiB, true)]
    public async Task A_larger_body_is_refused_and_the_caller_hears_why(int bytes, bool chunked) =>
        (await Post(bytes, chunked)).IsProblem(HttpStatusCode.RequestEntityTooLarge, "body_too_large");

    [Fact]
    public async Task A_declared_length_that_is_too_large_is_refused_before_the_body_comes()
    {
        var answer = await Raw("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2097152\r\n\r\n{");

        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Contains("body_too_large", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_declared_length_that_is_too_small_cuts_the_body()
    {
        var answer = await Raw("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n" + Events(1));

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("malformed_body", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("zz\r\n{}\r\n0\r\n\r\n")]
    [InlineData("-1\r\n{}\r\n0\r\n\r\n")]
    [InlineData("2\r\n{}{}\r\n0\r\n\r\n")]
    [InlineData("FFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n")]
    public async Task Pieces_that_do_not_say_how_long_they_are_are_refused(string chunks)
    {
        var answer = await Raw("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("bad_request", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_does_not_come_is_not_waited_for()
    {
        var time = new WatchedTime();
        await using var hub = new MemoryHub(1, time);
        await using var app = IngestHost.Build(hub, time, ["--urls", "http://127.0.0.1:0"], builder =>
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MinRequestBodyDataRate = new(1_000, TimeSpan.FromSeconds(1.1)))); // in production five seconds
        await app.StartAsync(Stop);

        var answer = await Raw("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{", new Uri(app.Urls.First()).Port);

        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("request_timeout", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_view_has_a_small_body() =>
        (await Host.PostView("v", new string(' ', 17_000) + "{}")).IsProblem(HttpStatusCode.RequestEntityTooLarge, "body_too_large");

    private static string Events(int count) => $$"""{"events":[{{string.Join(',', Enumerable.Repeat("""{"videoId":"v"}""", count))}}]}""";

    private Task<Answer> Post(int bytes, bool chunked)
    {
        var json = Encoding.ASCII.GetBytes(Events(1).PadRight(bytes));
        HttpContent content = chunked ? new StreamContent(new Unsized(json)) : new ByteArrayContent(json);
        content.Headers.ContentType = new("application/json");
        return Host.Post("/v1/events", content);
    }

    // As bytes on the wire, and the answer as far as its first read has it: one that begins before the request has ended.
    private async Task<string> Raw(string request, int? port = null)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port ?? Host.Http.BaseAddress!.Port, Stop);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Stop);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        while (!answer.ToString().Contains("\"code\"", StringComparison.Ordinal) && await stream.ReadAsync(buffer, Stop) is > 0 and var read)
            answer.Append(CultureInfo.InvariantCulture, $"{Encoding.ASCII.GetString(buffer, 0, read)}");
        return answer.ToString();
    }

    // HttpClient chunks what does not know its length.
    private sealed class Unsized(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
