using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.EventHubs;

public sealed class RetryPauseTests
{
    [Fact]
    public void The_first_attempt_waits_for_nothing_and_each_failure_up_to_twice_as_long_as_the_one_before()
    {
        var pause = new RetryPause();
        Assert.Equal(TimeSpan.Zero, pause.Length);

        for (var longest = TimeSpan.FromMilliseconds(100); longest < TimeSpan.FromSeconds(5); longest *= 2)
        {
            pause.Failed(EventHubsFailure.Communication);
            Assert.InRange(pause.Length, longest / 2, longest);
        }

        for (var i = 0; i < 100; i++)
        {
            pause.Failed(EventHubsFailure.Communication);
            Assert.InRange(pause.Length, TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(5));
        }

        pause.Reset();
        Assert.Equal(TimeSpan.Zero, pause.Length);
    }

    [Fact]
    public void A_busy_service_is_left_alone_for_the_four_seconds_that_it_asks_for()
    {
        var pause = new RetryPause();

        pause.Failed(EventHubsFailure.ServiceBusy);

        Assert.InRange(pause.Length, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(9));
    }
}
