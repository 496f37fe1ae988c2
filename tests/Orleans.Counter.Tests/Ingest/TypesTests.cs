using System.Net;
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
}
