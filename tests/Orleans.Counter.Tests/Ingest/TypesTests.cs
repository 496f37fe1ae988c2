using System.Net;
using Google.Protobuf;
using Orleans.Counter.Protocol;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

/// <summary>A service that counts some types only.</summary>
public sealed class TypesTests
{
    [Fact]
    public async Task A_type_that_is_not_counted_here_is_rejected_and_the_answer_names_those_that_are()
    {
        await using var host = await IngestHost.Start(("Ingest:Types:0", "like"), ("Ingest:Types:1", "share"));
        var answer = await host.PostEvents("""{"events":[{"videoId":"v","type":"like"},{"videoId":"v","type":"likes"},{"videoId":"v"},{"videoId":"v","type":"Bad"},{"type":"share","videoId":"v"}]}""");

        answer.IsAccepted(2, "1 unknown_type, 2 unknown_type, 3 invalid_type");
        Assert.Contains("like, share", (string?)answer.Body!["rejected"]![0]!["detail"], StringComparison.Ordinal);
        (await host.PostView("v", "")).IsProblem(HttpStatusCode.BadRequest, "no_valid_event");
    }

    [Fact]
    public async Task So_it_is_in_protocol_buffers()
    {
        await using var host = await IngestHost.Start(("Ingest:Types:0", "like"));
        byte[] body = [0x0A, 9, 0x0A, 1, (byte)'v', 0x12, 4, (byte)'l', (byte)'i', (byte)'k', (byte)'e', 0x0A, 3, 0x0A, 1, (byte)'v'];

        (await host.Post("/v1/events", body, "application/x-protobuf")).IsAccepted(1, "1 unknown_type");
    }

    [Fact]
    public async Task So_it_is_an_event_a_line()
    {
        await using var host = await IngestHost.Start(("Ingest:Types:0", "like"));

        (await host.PostEvents("{\"videoId\":\"v\",\"type\":\"like\"}\n{\"videoId\":\"v\",\"type\":\"lik\"}\n{\"videoId\":\"v\"}", "application/x-ndjson")).IsAccepted(1, "1 unknown_type, 2 unknown_type");
    }

    [Fact]
    public async Task Strangers_use_up_neither_the_types_of_a_video_nor_those_by_which_videos_are_ranked()
    {
        await using var cluster = await CounterCluster.Start();
        await using var api = await ApiInstance.Start(cluster, null, "--Ingest:Types:0=view", "--Ingest:Types:1=like");
        var invented = Enumerable.Range(0, EventType.PerVideoMax + 1).Select(number => $"type_{number}").ToList();

        foreach (var answer in new[]
        {
            await api.Events($$"""{"events":[{{string.Join(',', invented.Select(type => $$"""{"videoId":"v","type":"{{type}}"}"""))}}]}""", "application/json"),
            await api.Events(string.Join('\n', invented.Select(type => $$"""{"videoId":"v","type":"{{type}}"}""")), "application/x-ndjson"),
            await api.Events(new EventBatch { Events = { invented.Select(type => new Protocol.Event { VideoId = "v", Type = type }) } }.ToByteArray(), "application/x-protobuf"),
        })
        {
            Assert.Equal(string.Join(", ", invented.Select((_, index) => $"{index} unknown_type")), answer.IsProblem(HttpStatusCode.BadRequest, "no_valid_event").Rejected);
        }

        (await api.Events("""{"events":[{"videoId":"v","type":"like"},{"videoId":"v"}]}""", "application/json")).IsAccepted(2);
        await cluster.Stored();
        Assert.Equal("like, view", string.Join(", ", (await api.Send(HttpMethod.Get, "/v1/videos/v")).Body!["totals"]!.AsObject().Select(total => total.Key)));
        Assert.Equal(HttpStatusCode.OK, (await api.Send(HttpMethod.Get, "/v1/top?type=like")).Status);
        Assert.Empty(cluster.DeadLetters.Letters);
    }
}
