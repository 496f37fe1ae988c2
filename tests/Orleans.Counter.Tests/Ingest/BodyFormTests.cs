using System.Globalization;
using System.Net;
using System.Text;
using CsCheck;
using Google.Protobuf;
using Orleans.Counter.Protocol;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

/// <summary>The three forms of a body with events. What JSON has to say is said in <see cref="EventRulesTests"/>.</summary>
public sealed class BodyFormTests(EventRulesTests.Running running) : IClassFixture<EventRulesTests.Running>
{
    private const string Lines = "application/x-ndjson";
    private const string Protobuf = "application/x-protobuf";

    // Times around the test's noon, from too old to too far ahead; texts that keep the rules, and some that do not.
    private static readonly Gen<Protocol.Event> AnEvent = Gen.Select(
        Gen.OneOf("kittens", "v", "no video", ""), Gen.OneOf("", "like", "watch_seconds", "Like"), Gen.OneOf("", "a", "id 2", "tab\there"),
        Gen.Long[-700_000, 400].Nullable(), Gen.OneOf(Gen.Double[-5, 5], Gen.Const(1.0)).Nullable()).Select(Make);

    private IngestHost Host => running.Host;

    [Fact]
    public void The_same_events_in_any_form_make_the_same_frames_and_the_same_answer() => AnEvent.Array[1, 12].Sample(
        events => OfAnyForm(events).GetAwaiter().GetResult(), iter: 200, threads: 1);

    [Fact]
    public async Task Each_line_is_an_event_and_the_last_one_needs_no_end()
    {
        (await Post("{\"videoId\":\"a\"}\n{\"videoId\":\"b\"}\r\n\n{\"videoId\":\"c\",\"type\":\"LIKE\"}\n{\"videoId\":\"d\"}")).IsAccepted(3, "2 invalid_type");
        (await Post("")).IsProblem(HttpStatusCode.BadRequest, "no_valid_event");
    }

    [Theory]
    [InlineData("{\"videoId\":\"a\"}\nnonsense\n", "malformed_body", "Event 1")]
    [InlineData("{\"videoId\":\"a\"}\n7\n", "malformed_body", "Event 1 is not an object")]
    [InlineData("{\"videoId\":\"a\"}\n{\"videoId\":\"b\"", "malformed_body", "Event 1")]
    [InlineData("{\"videoId\":\"a\"}\n{\"video\":\"b\"}\n", "unknown_member", "'video'")]
    [InlineData("{\"events\":[]}", "unknown_member", "'events'")]
    [InlineData("[{\"videoId\":\"a\"}]", "malformed_body", "Event 0 is not an object")]
    public async Task A_line_that_is_no_event_refuses_them_all_and_is_named(string body, string code, string named)
    {
        var before = Host.Hub.Sends;

        Assert.Contains(named, (await Post(body)).IsProblem(HttpStatusCode.BadRequest, code).Detail, StringComparison.Ordinal);
        Assert.Equal(before, Host.Hub.Sends);
    }

    [Theory]
    [InlineData("0A", "malformed_body")] // a length is missing
    [InlineData("0A05", "malformed_body")] // five bytes are
    [InlineData("08", "malformed_body")] // the events are messages
    [InlineData("0801", "malformed_body")]
    [InlineData("00", "malformed_body")] // no field has number 0
    [InlineData("1200", "unknown_member")]
    [InlineData("0A0120", "malformed_body")] // the event ends within a field
    [InlineData("0A023001", "unknown_member")]
    [InlineData("0A020A03", "malformed_body")]
    [InlineData("0A0408012001", "malformed_body")] // a video that is a number
    [InlineData("0A060A01760A0176", "malformed_body")] // twice
    [InlineData("0A0B20FFFFFFFFFFFFFFFFFF02", "malformed_body")] // more than 64 bits
    [InlineData("0A0529000000FF", "malformed_body")]
    [InlineData("FFFFFFFFFFFFFFFFFF01", "malformed_body")]
    public async Task What_is_no_batch_is_refused_whole(string hex, string code)
    {
        var good = new EventBatch { Events = { new Protocol.Event { VideoId = "v" } } }.ToByteArray();
        var before = Host.Hub.Sends;

        var answer = await Host.Post("/v1/events", [.. good, .. Convert.FromHexString(hex)], Protobuf);

        Assert.NotEmpty(answer.IsProblem(HttpStatusCode.BadRequest, code).Detail);
        Assert.Equal(before, Host.Hub.Sends);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public async Task A_value_that_is_no_number_is_rejected(double value)
    {
        var batch = new EventBatch { Events = { new Protocol.Event { VideoId = "v" }, new Protocol.Event { VideoId = "v", Value = value } } };

        (await Host.Post("/v1/events", batch.ToByteArray(), Protobuf)).IsAccepted(1, "1 invalid_value");
    }

    [Fact]
    public async Task Five_thousand_events_are_taken_in_any_form_and_one_more_is_not()
    {
        var batch = new EventBatch { Events = { Enumerable.Repeat(new Protocol.Event { VideoId = "v" }, 5_000) } };
        (await Host.Post("/v1/events", batch.ToByteArray(), Protobuf)).IsAccepted(5_000);
        (await Post(LinesOf(batch.Events))).IsAccepted(5_000);

        batch.Events.Add(new Protocol.Event { VideoId = "v" });
        (await Host.Post("/v1/events", batch.ToByteArray(), Protobuf)).IsProblem(HttpStatusCode.RequestEntityTooLarge, "too_many_events");
        (await Post(LinesOf(batch.Events))).IsProblem(HttpStatusCode.RequestEntityTooLarge, "too_many_events");
    }

    [Fact]
    public void Any_bytes_get_an_answer() => Gen.Byte.Array[0, 40].Sample(
        bytes => Assert.InRange((int)Host.Post("/v1/events", bytes, Protobuf).GetAwaiter().GetResult().Status, 200, 499), iter: 500, threads: 1);

    private static Protocol.Event Make(string video, string type, string id, long? seconds, double? value)
    {
        var one = new Protocol.Event { VideoId = video, Type = type, Id = id };
        if (seconds is { } ago) one.Timestamp = new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero).AddSeconds(ago).ToUnixTimeMilliseconds();
        if (value is { } given) one.Value = given;
        return one;
    }

    private async Task OfAnyForm(Protocol.Event[] events)
    {
        var lines = LinesOf(events);
        (string MediaType, byte[] Body)[] forms =
        [
            ("application/json", Encoding.UTF8.GetBytes($"{{\"events\":[{lines.Trim().ReplaceLineEndings(",")}]}}")),
            (Lines, Encoding.UTF8.GetBytes(lines)),
            (Protobuf, new EventBatch { Events = { events } }.ToByteArray()),
        ];
        var seen = new List<string>();
        foreach (var (mediaType, body) in forms)
        {
            var before = Host.Hub.PartitionIds.ToDictionary(id => id, id => Host.Hub.Log(id).Count);
            var answer = await Host.Post("/v1/events", body, mediaType);
            var sent = Host.Hub.PartitionIds.SelectMany(id => Host.Hub.Log(id).Skip(before[id])).SelectMany(message => message.Frame().Events());
            seen.Add($"{answer.Status} {answer.Body!["rejected"]!.ToJsonString()} {string.Join("; ", sent)}");
        }

        Assert.Equal(seen[0], seen[1]);
        Assert.Equal(seen[0], seen[2]);
    }

    private static string LinesOf(IEnumerable<Protocol.Event> events) => string.Concat(events.Select(one =>
    {
        List<string> members = [$"\"videoId\":\"{one.VideoId}\""];
        if (one.Type.Length > 0) members.Add($"\"type\":\"{one.Type}\"");
        if (one.Id.Length > 0) members.Add($"\"id\":{System.Text.Json.JsonSerializer.Serialize(one.Id)}");
        if (one.HasTimestamp) members.Add($"\"timestamp\":\"{DateTimeOffset.FromUnixTimeMilliseconds(one.Timestamp):yyyy-MM-ddTHH:mm:ss.fffZ}\"");
        if (one.HasValue) members.Add(string.Create(CultureInfo.InvariantCulture, $"\"value\":{one.Value:R}"));
        return $"{{{string.Join(",", members)}}}\n";
    }));

    private Task<Answer> Post(string lines) => Host.Post("/v1/events", Encoding.UTF8.GetBytes(lines), Lines);
}
