using Orleans.Counter.Known;
using Xunit;

namespace Orleans.Counter.Tests.Known;

/// <summary>Remembering what was met last.</summary>
public sealed class RememberedTests
{
    [Fact]
    public void What_was_met_last_is_remembered_and_no_more_than_twice_as_much()
    {
        var remembered = new Remembered(10);
        for (var video = 0; video < 100; video++) remembered.Add((UInt128)video, video);

        Assert.All(Enumerable.Range(90, 10), video => Assert.Equal(video, remembered.Find((UInt128)video)));
        Assert.InRange(Enumerable.Range(0, 100).Count(video => remembered.Find((UInt128)video) is not null), 10, 20);
    }

    [Fact]
    public void What_is_met_again_stays()
    {
        var remembered = new Remembered(10);
        remembered.Add(7, 7);
        for (var video = 100; video < 1_000; video++)
        {
            remembered.Add((UInt128)video, video);
            Assert.Equal(7, remembered.Find(7));
        }
    }

    [Fact]
    public void What_is_forgotten_is_gone_however_old_it_is()
    {
        var remembered = new Remembered(2);
        for (var video = 0; video < 3; video++) remembered.Add((UInt128)video, video);

        remembered.Forget(0);
        remembered.Forget(2);

        Assert.Equal([null, 1L, null], [remembered.Find(0), remembered.Find(1), remembered.Find(2)]);
    }
}
