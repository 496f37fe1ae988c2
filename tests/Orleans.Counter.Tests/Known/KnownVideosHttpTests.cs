using System.Net;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Known;
using Xunit;

namespace Orleans.Counter.Tests.Known;

/// <summary>Registering, counting and removing videos on instances of a service that counts known ones only.</summary>
public sealed class KnownVideosHttpTests : IAsyncLifetime
{
    private CounterCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await CounterCluster.Start();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_video_counts_from_its_registration_on_at_every_instance_at_once()
    {
        await using var one = await Start();
        await using var other = await Start();

        for (var number = 0; number < 10; number++)
        {
            var video = $"video-{number}";
            Assert.Equal("0 unknown_video", (await other.View(video)).IsProblem(HttpStatusCode.BadRequest, "no_valid_event").Rejected);
            Assert.Equal(HttpStatusCode.OK, (await one.Put(video)).Status);
            (await other.View(video)).IsAccepted(1);
            (await one.View(video)).IsAccepted(1);
            await _cluster.Visible(VideoId.Parse(video), 2);
        }
    }

    [Fact]
    public async Task A_video_that_was_counted_before_is_known_whether_an_instance_has_asked_before_or_not()
    {
        await using var instance = await Start();
        (await instance.View("early")).IsProblem(HttpStatusCode.BadRequest, "no_valid_event");
        _cluster.Send(new Event(VideoId.Parse("early"), DateTimeOffset.UtcNow));
        await _cluster.Stored();
        await using var late = await Start();

        (await late.View("early")).IsAccepted(1);
        (await instance.View("early")).IsAccepted(1);
    }

    [Fact]
    public async Task A_video_that_a_correction_has_filled_is_known()
    {
        await using var instance = await Start();
        (await instance.View("imported")).IsProblem(HttpStatusCode.BadRequest, "no_valid_event");

        var corrected = await instance.Send(HttpMethod.Post, "/v1/admin/corrections", """{"id":"c","videoId":"imported","minute":"2026-01-01T10:05:00Z","count":7,"reason":"Import."}""");

        Assert.Equal(HttpStatusCode.OK, corrected.Status);
        (await instance.View("imported")).IsAccepted(1);
    }

    [Fact]
    public async Task A_removed_video_is_unknown_again_after_ten_seconds_at_the_latest_and_stays_so_until_it_is_registered()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var instance = await Start(clock);
        await instance.Put("gone");
        (await instance.View("gone")).IsAccepted(1);
        await _cluster.Visible(VideoId.Parse("gone"), 1);

        Assert.Equal(HttpStatusCode.NoContent, (await instance.Send(HttpMethod.Delete, "/v1/videos/gone")).Status);
        clock.Advance(KnownShard.BelievedFor + TimeSpan.FromSeconds(1));
        (await instance.View("gone")).IsProblem(HttpStatusCode.BadRequest, "no_valid_event");
        clock.Advance(KnownShard.UnknownFor);
        (await instance.View("gone")).IsProblem(HttpStatusCode.BadRequest, "no_valid_event");

        await instance.Put("gone");
        clock.Advance(KnownShard.Pace);
        (await instance.View("gone")).IsAccepted(1);
    }

    [Fact]
    public async Task Shards_that_begin_anew_know_what_is_registered()
    {
        await using var instance = await Start();
        await instance.Put("before");
        (await instance.View("strange")).IsProblem(HttpStatusCode.BadRequest, "no_valid_event");
        await Task.WhenAll(Shard.All.Select(_cluster.Forget));

        (await instance.View("strange")).IsProblem(HttpStatusCode.BadRequest, "no_valid_event");
        (await instance.View("before")).IsAccepted(1);
    }

    [Fact]
    public async Task While_the_silos_are_away_known_videos_go_on_and_others_are_answered_503()
    {
        await using var instance = await Start();
        await instance.Put("known");
        (await instance.View("known")).IsAccepted(1);
        foreach (var silo in _cluster.Silos) await _cluster.Kill(silo);

        Assert.NotNull((await instance.View("strange")).IsProblem(HttpStatusCode.ServiceUnavailable, "known_videos_unavailable").RetryAfter);
        (await instance.View("known")).IsAccepted(1);
    }

    private Task<ApiInstance> Start(TimeProvider? clock = null) => ApiInstance.Start(_cluster, clock, "--Ingest:KnownVideosOnly=true");
}
