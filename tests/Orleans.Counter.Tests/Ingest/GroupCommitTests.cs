using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

public sealed class GroupCommitTests
{
    private readonly TaskCompletionSource _answers = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_crowd_shares_a_frame_while_one_is_in_flight()
    {
        await using var host = await PublisherHost.Start();
        host.Hub.Answers = _answers.Task;
        var crowd = Enumerable.Range(0, 100).Select(n => host.Publish($"v{n}")).ToArray();
        Assert.Equal("1", host.Messages());
        Assert.DoesNotContain(crowd, one => one.IsCompleted);

        _answers.SetResult();

        Assert.DoesNotContain(false, await Task.WhenAll(crowd));
        Assert.Equal("1 99", host.Messages());
    }

    [Fact]
    public async Task What_has_lingered_goes_without_waiting_for_the_hub()
    {
        await using var host = await PublisherHost.Start();
        host.Hub.Answers = _answers.Task;
        _ = host.Publish("a");
        _ = host.Publish("b");
        host.Time.Advance(TimeSpan.FromMilliseconds(4));
        _ = host.Publish("c");
        Assert.Equal("1", host.Messages());

        host.Time.Advance(TimeSpan.FromMilliseconds(1));
        await host.Hub.Holds(2, Stop);
        Assert.Equal("1 2", host.Messages());

        _ = host.Publish("d");
        host.Time.Advance(TimeSpan.FromMilliseconds(4));
        Assert.Equal("1 2", host.Messages());
        host.Time.Advance(TimeSpan.FromMilliseconds(1));
        await host.Hub.Holds(3, Stop);
        _answers.SetResult();
    }

    [Fact]
    public async Task Only_a_few_frames_are_in_flight_and_the_rest_goes_when_they_are_answered()
    {
        await using var host = await PublisherHost.Start(new() { FramesInFlight = 2 });
        host.Hub.Answers = _answers.Task;
        var all = new List<Task<bool>>();
        for (var i = 0; i < 6; i++)
        {
            all.Add(host.Publish("v"));
            host.Time.Advance(TimeSpan.FromMilliseconds(5));
        }

        Assert.Equal("1 1", host.Messages());
        _answers.SetResult();
        Assert.DoesNotContain(false, await Task.WhenAll(all));
        Assert.Equal("1 1 4", host.Messages());
    }

    [Fact]
    public async Task A_full_frame_goes_at_once_and_one_request_may_span_several()
    {
        await using var host = await PublisherHost.Start(new() { FrameBytesMax = 4096 });
        host.Hub.Answers = _answers.Task;
        var spanning = host.Publish([.. Enumerable.Range(0, 1000).Select(n => $"video-{n}")]);
        Assert.Equal(4, host.Hub.Log("0").Count);
        Assert.False(spanning.IsCompleted);

        _answers.SetResult();
        Assert.True(await spanning);
        Assert.Equal(1000, host.Hub.Events().Count);
        Assert.Equal("1 2 3 4 5 6", host.Numbers()[..11]);
    }

    [Fact]
    public async Task A_partition_that_waits_does_not_hold_up_another()
    {
        await using var host = await PublisherHost.Start(partitions: 2);
        var (here, there) = (VideoOf(0), VideoOf(1));
        host.Hub.Answers = _answers.Task;
        var waiting = host.Publish(here);
        host.Hub.Answers = Task.CompletedTask;

        Assert.True(await host.Publish(there));
        var both = host.Publish(here, there);
        Assert.Equal("1 1", host.Messages("1"));
        Assert.False(both.IsCompleted);
        _answers.SetResult();
        Assert.True(await both);
        Assert.True(await waiting);
    }

    [Fact]
    public async Task Numbers_stay_close_together_however_long_one_of_them_is_tried()
    {
        await using var host = await PublisherHost.Start(new() { FramesInFlight = 2 });
        host.Hub.FailNextSends(1, EventHubsFailure.ServiceBusy, stored: false);
        var first = host.Publish("a");
        var others = new List<Task<bool>>();
        for (var i = 0; i < 3; i++)
        {
            others.Add(host.Publish("b"));
            host.Time.Advance(TimeSpan.FromMilliseconds(5));
        }

        // Frame 2 is in the log while 1 is still tried; 3 has to wait until 1 has its answer.
        Assert.True(await others[0]);
        Assert.Equal("2", host.Numbers());
        host.Time.Advance(TimeSpan.FromMilliseconds(50));
        Assert.True(await first);
        Assert.DoesNotContain(false, await Task.WhenAll(others));
        Assert.Equal("2 1 3", host.Numbers());
    }

    [Fact]
    public async Task Beyond_the_bytes_that_may_wait_a_request_is_turned_away_at_once()
    {
        await using var host = await PublisherHost.Start(new() { WaitingBytesMax = 10_000, FrameBytesMax = 4096 });
        host.Hub.Answers = _answers.Task;
        var taken = host.Publish([.. Enumerable.Range(0, 2000).Select(n => $"video-{n}")]);

        var oneMore = host.Publish("one-more");
        Assert.True(oneMore.IsCompleted);
        Assert.False(await oneMore);
        _answers.SetResult();
        Assert.True(await taken);
        Assert.True(await host.Publish("again"));
    }

    private static string VideoOf(int partition) =>
        Enumerable.Range(0, 100).Select(n => $"v{n}").First(video => Shard.Of(VideoId.Parse(video)).Partition(2) == partition);
}
