using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Commands;
using Orleans.Counter.Dev.Faults;
using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Dev;

/// <summary><c>counter hub</c> against DevHub.</summary>
public sealed class HubCommandTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_sent_is_shown_and_counted()
    {
        var hub = fixture.NewHub();

        Assert.Contains("2 events are in the log.", await Run("send", hub, "hello", "big world", "--partition", "1", "--property", "colour=blue=green"), StringComparison.Ordinal);

        var peeked = (await Run("peek", hub)).Split('\n');
        Assert.StartsWith("1/0  ", peeked[0], StringComparison.Ordinal);
        Assert.EndsWith("  colour=blue=green  \"hello\"", peeked[0], StringComparison.Ordinal);
        Assert.EndsWith("  \"big world\"", peeked[1], StringComparison.Ordinal);
        var stats = (await Run("stats", hub, "--json")).Split('\n').Where(line => line.Length > 0).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal([0, 2], stats.Take(2).Select(one => (int)one["events"]!));
        Assert.Equal((0, 1, null), ((int?)stats[1]["first"], (int?)stats[1]["last"], (int?)stats[0]["first"]));
        Assert.NotNull(stats[1]["lastOffset"]);
        Assert.Contains("last enqueued", await Run("stats", hub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_of_one_key_come_to_one_partition()
    {
        var hub = fixture.NewHub();
        for (var i = 0; i < 4; i++) await Run("send", hub, $"{i}", "--key", "kittens");

        var events = await Json(hub);

        Assert.Single(events.Select(one => (string)one["partition"]!).Distinct());
        Assert.Equal(["0", "1", "2", "3"], events.Select(one => (string)one["text"]!));
        Assert.All(events, one => Assert.Equal("kittens", (string)one["key"]!));
    }

    [Fact]
    public async Task A_frame_is_shown_event_by_event()
    {
        var hub = fixture.NewHub();
        var frame = new Frame
        {
            Version = 1,
            Writer = 0xABC,
            Number = 17,
            BaseTime = new DateTimeOffset(2026, 11, 23, 10, 5, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(),
            Videos = { "kittens", "puppies" },
            Types_ = { "view", "like" },
            Video = { 0, 1 },
            Type = { 0, 1 },
            Id = { 0, 255 },
            Time = { 0, 1500 },
            Valued = { 1 },
            Value = { 2.5 },
        };
        await Send(hub, frame.ToByteArray(), new() { ["events"] = 2 });

        var lines = (await Run("peek", hub)).Split('\n');

        Assert.EndsWith("frame 17 of writer 0000000000000abc, 2 events", lines[0].TrimEnd(), StringComparison.Ordinal);
        Assert.Equal("    kittens  view  2026-11-23T10:05:00.000Z", lines[1].TrimEnd());
        Assert.Equal("    puppies  like  2026-11-23T10:05:01.500Z  id 00000000000000ff  value 2.5", lines[2].TrimEnd());
        var second = (await Json(hub)).Single()["frame"]!["events"]![1]!;
        Assert.Equal(("puppies", "00000000000000ff", 2.5), ((string)second["videoId"]!, (string)second["id"]!, (double)second["value"]!));
    }

    [Fact]
    public async Task What_would_be_a_command_to_a_terminal_is_shown_as_a_number()
    {
        var hub = fixture.NewHub();
        await Run("send", hub, "\u001b[31mred\u202e", "--property", "a\u0007b=\u001b]0;title");
        await Send(hub, [0xFF, 0x00, 0x1B], []);
        await Send(hub, Encoding.UTF8.GetBytes(new string('x', 1_000)), []);
        await Send(hub, "no frame"u8.ToArray(), new() { ["events"] = 3 });

        var shown = await Run("peek", hub);

        Assert.Contains("a\\u{7}b=\\u{1b}]0;title  \"\\u{1b}[31mred\\u{202e}\"", shown, StringComparison.Ordinal);
        Assert.Contains("0xFF001B", shown, StringComparison.Ordinal);
        Assert.Contains("x\" … 1000 bytes", shown, StringComparison.Ordinal);
        Assert.Contains("events=3  \"no frame\"", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(shown, character => char.IsControl(character) && character is not ('\n' or '\r'));
    }

    [Fact]
    public async Task Looking_begins_where_it_is_told_to()
    {
        var hub = fixture.NewHub();
        await Run("send", hub, [.. Enumerable.Range(0, 30).Select(number => $"{number}"), "--partition", "0"]);

        Assert.Equal(["27", "28", "29"], await Texts(hub, "--count", "3"));
        Assert.Equal(["0", "1", "2"], await Texts(hub, "--count", "3", "--from", "beginning"));
        Assert.Equal(["12", "13", "14"], await Texts(hub, "--count", "3", "--from", "12", "--partition", "0"));
        Assert.Equal(30, (await Texts(hub, "--count", "50", "--from", DateTimeOffset.UtcNow.AddMinutes(-5).ToString("O", CultureInfo.InvariantCulture))).Count);
        Assert.Empty(await Texts(hub, "--from", "end"));
        Assert.Empty(await Texts(hub, "--from", "9999"));
        Assert.Empty(await Texts(hub, "--from", DateTimeOffset.UtcNow.AddMinutes(5).ToString("O", CultureInfo.InvariantCulture)));
        Assert.Contains("is no place to begin", await Run("peek", hub, "--from", "yesterday"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_slow_hub_is_waited_for()
    {
        var hub = fixture.NewHub();
        await Run("send", hub, "a", "--partition", "0");
        var fault = fixture.Hub.Faults.Add(new() { Kind = FaultKind.Delay, At = FaultMoment.Receive, Hub = hub, Duration = TimeSpan.FromSeconds(3) });

        Assert.Equal(["a"], await Texts(hub));
        fixture.Hub.Faults.Remove(fault);
    }

    [Fact]
    public async Task Texts_of_one_partition_arrive_in_their_order_and_what_is_refused_says_how_many_are_there()
    {
        var hub = fixture.NewHub();
        Assert.Contains("500 events", await Run("send", hub, [.. Enumerable.Range(0, 500).Select(number => $"{number}"), "--partition", "0"]), StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(0, 500).Select(number => $"{number}"), await Texts(hub, "--count", "1000"));

        fixture.Hub.Faults.Add(new() { Kind = FaultKind.Refuse, At = FaultMoment.Send, Hub = hub, Partition = 1, Times = 1 });
        var failure = await Assert.ThrowsAsync<CommandFailedException>(() => Run("send", hub, "refused", "accepted", "--partition", "1"));
        Assert.Contains("1 events are in the log, and then one was not accepted", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_string_may_name_the_hub()
    {
        var hub = fixture.NewHub();
        using var output = new StringWriter();

        Assert.Equal(0, await Invoke(["stats", "--connection", $"{fixture.Hub.ConnectionString};EntityPath={hub}"], output, Stop));

        Assert.StartsWith(hub, output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Following_shows_what_comes_until_it_is_ended()
    {
        var hub = fixture.NewHub();
        await Run("send", hub, "before", "--partition", "1");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        using var output = new Lines();
        var following = Invoke(["peek", "--connection", fixture.Hub.ConnectionString, "--hub", hub, "--follow", "--json"], output, ending.Token);
        Assert.Contains("before", await output.Next(Stop), StringComparison.Ordinal);

        await Run("send", hub, "after", "--partition", "0");

        Assert.Contains("after", await output.Next(Stop), StringComparison.Ordinal);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
    }

    [Fact]
    public async Task What_cannot_be_opened_is_said()
    {
        await Fails("could not be found", "--connection", fixture.Hub.ConnectionString, "--hub", "nothere");
        await Fails("InvalidSignature", "--connection", fixture.Hub.ConnectionString.Replace("SAS_KEY_VALUE", "another", StringComparison.Ordinal), "--hub", fixture.NewHub());
        await Fails("connection string", "--connection", "nonsense");
        await Fails("No event hub of `counter up` runs", "--data", Path.GetTempPath());

        static async Task Fails(string words, params string[] arguments)
        {
            using var output = new StringWriter();
            var failure = await Assert.ThrowsAsync<CommandFailedException>(() => Invoke(["stats", .. arguments], output, Stop));
            Assert.Contains(words, failure.Message, StringComparison.OrdinalIgnoreCase);
        }
    }

    private async Task<IReadOnlyList<string>> Texts(string hub, params string[] arguments) => [.. (await Json(hub, arguments)).Select(one => (string)one["text"]!)];

    private async Task<IReadOnlyList<JsonNode>> Json(string hub, params string[] arguments) =>
        [.. (await Run("peek", hub, ["--json", .. arguments])).Split('\n').Where(line => line.Length > 0).Select(line => JsonNode.Parse(line)!)];

    private async Task<string> Run(string verb, string hub, params string[] arguments)
    {
        using var output = new StringWriter();
        await Invoke([verb, "--connection", fixture.Hub.ConnectionString, "--hub", hub, .. arguments], output, Stop);
        return output.ToString();
    }

    private static Task<int> Invoke(string[] arguments, TextWriter output, CancellationToken cancellationToken) =>
        HubCommand.Create().Parse(arguments).InvokeAsync(new() { Output = output, Error = output, EnableDefaultExceptionHandler = false }, cancellationToken);

    private async Task Send(string name, byte[] body, Dictionary<string, object> properties)
    {
        await using var hub = new AmqpEventHub(EventHubConnectionOptions.FromConnectionString(fixture.Hub.ConnectionString, name), TimeProvider.System, NullLogger<AmqpEventHub>.Instance);
        await hub.Send("0", new(body, properties), Stop);
    }

    /// <summary>Lines as they are written.</summary>
    private sealed class Lines : StringWriter
    {
        private readonly System.Threading.Channels.Channel<string> _lines = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public override void WriteLine(string? value) => _lines.Writer.TryWrite(value ?? "");

        public ValueTask<string> Next(CancellationToken cancellationToken) => _lines.Reader.ReadAsync(cancellationToken);
    }
}
