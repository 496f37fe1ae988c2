using System.Collections;
using Orleans.Counter.Streaming;
using Xunit;

namespace Orleans.Counter.Tests.Streaming;

public sealed class VerdictsTests
{
    [Fact]
    public void A_message_that_is_read_again_is_judged_as_the_first_time_until_all_have_stored_it()
    {
        var verdicts = new Verdicts();
        for (var i = 10; i < 20; i++) verdicts.Add(i, i % 3 == 0 ? new BitArray(4, true) : null);

        verdicts.Forget(through: 13);

        Assert.True(verdicts.Of(15)![2]);
        Assert.Null(verdicts.Of(16));
        Assert.Throws<InvalidOperationException>(() => verdicts.Of(13));
        Assert.Throws<InvalidOperationException>(() => verdicts.Of(20));
        Assert.True(verdicts.Forgot(13));
        Assert.False(verdicts.Forgot(14));
        Assert.False(verdicts.Forgot(20));
    }

    [Fact]
    public void Messages_that_the_hub_has_lost_leave_the_others_in_their_places()
    {
        var verdicts = new Verdicts();
        verdicts.Add(1, new BitArray(1, true));
        verdicts.Add(5, new BitArray(2, true));

        Assert.Single(verdicts.Of(1)!);
        Assert.Equal(2, verdicts.Of(5)!.Count);
        Assert.Null(verdicts.Of(3));
    }

    [Fact]
    public void What_everyone_has_stored_before_the_first_judgement_is_no_matter()
    {
        var verdicts = new Verdicts();
        verdicts.Forget(through: 100);
        verdicts.Add(101, null);
        Assert.Equal(101, verdicts.Last);
    }
}
