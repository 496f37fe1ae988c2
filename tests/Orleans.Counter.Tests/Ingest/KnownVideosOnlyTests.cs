using System.Net;
using System.Text;
using CsCheck;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Counter.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

/// <summary>A service that counts videos only that it knows; here, those whose ids begin with <c>known</c>.</summary>
public sealed class KnownVideosOnlyTests
{
    [Theory, InlineData("application/json"), InlineData("application/x-ndjson"), InlineData("application/x-protobuf")]
    public async Task Of_any_events_those_of_unknown_videos_are_rejected_in_their_places_and_the_others_are_in_the_log(string mediaType)
    {
        await using var host = await Start(new ByName());
        string[] any = ["known1", "known2", "strange1", "strange2", "bad/id"];
        await Gen.Int[0, 4].Select(one => any[one]).Array[1, 12].SampleAsync(
            async videos =>
            {
                var before = host.Hub.Events().Count;
                var answer = await host.Post("/v1/events", Body(videos, mediaType), mediaType);

                var accepted = videos.Where(video => video.StartsWith("known", StringComparison.Ordinal)).ToList();
                var rejected = string.Join(", ", videos.Select((video, index) => (video, index)).Where(one => !accepted.Contains(one.video))
                    .Select(one => $"{one.index} {(one.video == "bad/id" ? "invalid_video_id" : "unknown_video")}"));
                if (accepted.Count > 0) answer.IsAccepted(accepted.Count, rejected);
                else Assert.Equal(rejected, answer.IsProblem(HttpStatusCode.BadRequest, "no_valid_event").Rejected);
                Assert.Equal(accepted.Order(StringComparer.Ordinal), host.Hub.Events().Skip(before).Select(one => one.Video).Order(StringComparer.Ordinal).TakeLast(accepted.Count));
                Assert.Equal(before + accepted.Count, host.Hub.Events().Count);
            },
            iter: 30, threads: 1);
    }

    [Fact]
    public async Task A_view_of_an_unknown_video_is_refused_and_the_answer_says_what_makes_it_known()
    {
        await using var host = await Start(new ByName());

        var answer = await host.PostView("strange", "");

        Assert.Contains("PUT /v1/videos/{videoId}", answer.IsProblem(HttpStatusCode.BadRequest, "no_valid_event").Detail, StringComparison.Ordinal);
        Assert.Equal("0 unknown_video", answer.Rejected);
        (await host.PostView("known", "")).IsAccepted(1);
        Assert.Equal(["known"], host.Hub.Events().Select(one => one.Video));
    }

    [Fact]
    public async Task While_nobody_can_say_which_videos_are_known_nothing_is_accepted_and_nothing_rejected_but_what_is_known_for_certain_goes_on()
    {
        await using var host = await Start(new ByName { IsSilent = true });

        var answer = await host.PostEvents("""{"events":[{"videoId":"known"},{"videoId":"strange"}]}""");

        Assert.Equal(TimeSpan.FromSeconds(2), answer.IsProblem(HttpStatusCode.ServiceUnavailable, "known_videos_unavailable").RetryAfter);
        (await host.PostEvents("""{"events":[{"videoId":"known"},{"videoId":"known"}]}""")).IsAccepted(2);
        Assert.Equal(["known", "known"], host.Hub.Events().Select(one => one.Video));
    }

    [Fact]
    public async Task Every_video_is_asked_for_once_however_many_of_its_events_a_request_has()
    {
        var known = new ByName();
        await using var host = await Start(known);

        (await host.PostEvents("""{"events":[{"videoId":"strange"},{"videoId":"known"},{"videoId":"strange"},{"videoId":"strange","type":"like"}]}""")).IsAccepted(1, "0 unknown_video, 2 unknown_video, 3 unknown_video");

        Assert.Equal(["strange"], known.AskedFor);
    }

    [Fact]
    public async Task Without_the_option_any_video_is_counted_and_nobody_is_asked()
    {
        var known = new ByName { IsSilent = true };
        await using var host = await IngestHost.Start(builder => builder.Services.AddSingleton<IKnownVideos>(known));

        (await host.PostView("strange", "")).IsAccepted(1);

        Assert.Empty(known.AskedFor);
    }

    private static Task<IngestHost> Start(IKnownVideos known) =>
        IngestHost.Start(builder => builder.Services.AddSingleton(known), ("Ingest:KnownVideosOnly", "true"));

    private static byte[] Body(string[] videos, string mediaType) => mediaType switch
    {
        "application/json" => Encoding.UTF8.GetBytes($$"""{"events":[{{string.Join(',', videos.Select(video => $$"""{"videoId":"{{video}}"}"""))}}]}"""),
        "application/x-ndjson" => Encoding.UTF8.GetBytes(string.Join('\n', videos.Select(video => $$"""{"videoId":"{{video}}"}"""))),
        _ => new Protocol.EventBatch { Events = { videos.Select(video => new Protocol.Event { VideoId = video }) } }.ToByteArray(),
    };

    /// <summary>Knows by their names which videos are known.</summary>
    private sealed class ByName : IKnownVideos
    {
        public bool IsSilent { get; init; }

        public List<string> AskedFor { get; } = [];

        public bool IsKnown(ReadOnlySpan<byte> videoUtf8) => videoUtf8.StartsWith("known"u8);

        public Task<IReadOnlySet<VideoId>?> FindUnknown(IEnumerable<VideoId> videos, CancellationToken cancellationToken)
        {
            var asked = videos.ToList();
            AskedFor.AddRange(asked.Select(video => video.Value));
            return Task.FromResult<IReadOnlySet<VideoId>?>(IsSilent ? null : asked.ToHashSet());
        }
    }
}
