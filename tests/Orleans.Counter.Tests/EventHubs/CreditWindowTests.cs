using CsCheck;
using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.EventHubs;

public sealed class CreditWindowTests
{
    private static readonly Gen<(bool Takes, int Bytes)> Step = Gen.Select(Gen.Bool, Gen.OneOf(Gen.Int[512, 4096], Gen.Int[1, 1024 * 1024]));

    [Fact]
    public void Small_messages_keep_the_whole_credit_in_flight()
    {
        var window = new CreditWindow();

        Assert.Equal(CreditWindow.CreditMax, window.Grant());
        for (var i = 0; i < 1000; i++)
        {
            window.Arrived(1024);
            window.Taken(1024);
            window.Grant();
            Assert.InRange(window.Outstanding, CreditWindow.CreditMax * 3 / 4, CreditWindow.CreditMax);
        }
    }

    [Fact]
    public void Large_messages_are_asked_for_one_budget_at_a_time()
    {
        const int Megabyte = 1024 * 1024;
        var window = new CreditWindow();
        window.Grant();
        while (window.Outstanding > 0) window.Arrived(Megabyte);
        for (var i = 0; i < CreditWindow.CreditMax; i++) window.Taken(Megabyte);

        Assert.Equal(CreditWindow.BytesMax / Megabyte, window.Grant());
        while (window.Outstanding > 0) window.Arrived(Megabyte);
        Assert.Equal(0, window.Grant());
        Assert.Equal(CreditWindow.BytesMax, window.BytesHeld);
    }

    [Fact]
    public void Whatever_comes_and_goes_no_more_is_asked_for_than_fits_and_reading_never_stops() => Step.Array[1, 400].Sample(steps =>
    {
        var window = new CreditWindow();
        var held = new Queue<int>();
        window.Grant();
        foreach (var (takes, bytes) in steps)
        {
            if (takes && held.TryDequeue(out var taken))
            {
                window.Taken(taken);
            }
            else if (window.Outstanding > 0)
            {
                window.Arrived(bytes);
                held.Enqueue(bytes);
            }

            var grant = window.Grant();
            if (grant > 0 && held.Count > 0) Assert.InRange(window.BytesHeld + ((long)window.Outstanding * held.Last()), 0, CreditWindow.BytesMax);
            Assert.InRange(window.Outstanding, 0, CreditWindow.CreditMax);
            if (held.Count == 0) Assert.True(window.Outstanding > 0);
        }
    });
}
