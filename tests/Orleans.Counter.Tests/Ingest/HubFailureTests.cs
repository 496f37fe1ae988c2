using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

public sealed class HubFailureTests
{
    private const string OneEvent = """{"events":[{"videoId":"kittens"}]}""";
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(8);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(EventHubsFailure.ServiceTimeout, true, "1 1")]
    [InlineData(EventHubsFailure.Communication, true, "1 1")]
    [InlineData(EventHubsFailure.Communication, false, "1")]
    [InlineData(EventHubsFailure.ServiceBusy, false, "1")]
    public async Task A_frame_whose_answer_was_lost_is_sent_again_as_it_was(EventHubsFailure failure, bool stored, string numbers)
    {
        await using var host = await IngestHost.Start();
        host.Hub.FailNextSends(1, failure, stored);
        var request = host.PostEvents(OneEvent);
        await host.Time.IsAwaited(FirstPause, Stop);
        host.Time.Advance(FirstPause);

        (await request).IsAccepted(1);
        var messages = host.Hub.Messages().Select(one => one.Message).ToList();
        Assert.Equal(numbers, string.Join(' ', messages.Select(message => message.Frame().Number)));
        Assert.All(messages, message => Assert.Equal(messages[0].Body.ToArray(), message.Body.ToArray()));
    }

    [Fact]
    public async Task A_hub_that_stays_busy_is_answered_503_with_Retry_After_when_the_budget_is_used_up()
    {
        await using var host = await IngestHost.Start();
        host.Hub.Down = EventHubsFailure.ServiceBusy;
        var request = host.PostEvents(OneEvent);
        await host.Time.IsAwaited(FirstPause, Stop);
        host.Time.Advance(Budget);

        Unavailable(await request);
        Assert.InRange(host.Hub.Sends, 2, 20);
        host.Hub.Down = null;
        (await host.PostEvents(OneEvent)).IsAccepted(1);
    }

    [Fact]
    public async Task A_hub_that_never_answers_is_answered_503_too()
    {
        await using var host = await IngestHost.Start();
        host.Hub.Answers = new TaskCompletionSource().Task;
        var request = host.PostEvents(OneEvent);
        await host.Hub.Holds(1, Stop);
        host.Time.Advance(Budget);

        Unavailable(await request);
    }

    [Theory]
    [InlineData(EventHubsFailure.Unauthorized)]
    [InlineData(EventHubsFailure.ResourceNotFound)]
    [InlineData(EventHubsFailure.MessageSizeExceeded)]
    public async Task What_will_not_pass_by_waiting_is_answered_at_once(EventHubsFailure failure)
    {
        await using var host = await IngestHost.Start();
        host.Hub.Down = failure;

        Unavailable(await host.PostEvents(OneEvent));
        Assert.Equal(1, host.Hub.Sends);
    }

    [Fact]
    public async Task A_request_of_which_one_frame_failed_is_not_known_to_be_accepted()
    {
        await using var host = await IngestHost.Start();
        host.Hub.FailNextSends(1, EventHubsFailure.Unauthorized, stored: false);
        var many = string.Join(',', Enumerable.Range(0, 100).Select(n => $$"""{"videoId":"v{{n}}"}"""));

        Unavailable(await host.PostEvents($$"""{"events":[{{many}}]}"""));
        Assert.NotEmpty(host.Hub.Events());
    }

    [Fact]
    public async Task No_request_waits_longer_than_the_budget_even_behind_others()
    {
        await using var host = await PublisherHost.Start(new() { FramesInFlight = 1 });
        host.Hub.Down = EventHubsFailure.Communication;
        var first = host.Publish("a");
        host.Time.Advance(TimeSpan.FromSeconds(1));
        var second = host.Publish("b");
        Assert.Empty(host.Hub.Log("0"));
        host.Time.Advance(Budget);

        var fails = TimeSpan.FromSeconds(10); // of real time, so that a wait that never ends is a failure and not a hang
        Assert.False(await first.WaitAsync(fails, Stop));
        Assert.False(await second.WaitAsync(fails, Stop));
    }

    [Fact]
    public async Task Before_the_hub_has_said_what_it_is_events_are_refused_and_it_is_asked_until_it_does()
    {
        var time = new WatchedTime();
        await using var hub = new MemoryHub(2, time) { Down = EventHubsFailure.Communication };
        await using var host = await IngestHost.Start(hub, time);
        var oneSecond = TimeSpan.FromSeconds(1);
        await time.IsAwaited(oneSecond, Stop);
        Unavailable(await host.PostEvents(OneEvent));

        hub.Down = null;
        time.Advance(oneSecond);
        await host.Services.GetRequiredService<FramePublisher>().Known.WaitAsync(Stop);
        (await host.PostEvents(OneEvent)).IsAccepted(1);
    }

    [Fact]
    public async Task A_caller_that_went_away_leaves_its_events_in_their_frame()
    {
        await using var host = await IngestHost.Start();
        host.Hub.FailNextSends(1, EventHubsFailure.ServiceBusy, stored: false);
        using var impatient = new CancellationTokenSource();
        using var content = new StringContent(OneEvent, new MediaTypeHeaderValue("application/json"));
        var request = host.Http.PostAsync("/v1/events", content, impatient.Token);
        await host.Time.IsAwaited(FirstPause, Stop);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        host.Time.Advance(FirstPause);

        await host.Hub.Holds(1, Stop);
        Assert.Equal("kittens", Assert.Single(host.Hub.Events()).Video);
    }

    private static void Unavailable(Answer answer)
    {
        answer.IsProblem(HttpStatusCode.ServiceUnavailable, "hub_unavailable");
        Assert.InRange(answer.RetryAfter!.Value.TotalSeconds, 1, 60);
    }
}
