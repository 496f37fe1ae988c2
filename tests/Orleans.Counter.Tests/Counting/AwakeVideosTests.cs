using Microsoft.Extensions.Options;
using Orleans.Counter.Counting;
using Xunit;

namespace Orleans.Counter.Tests.Counting;

/// <summary>Which videos have to sleep for others.</summary>
public sealed class AwakeVideosTests
{
    private readonly List<string> _asleep = [];

    [Fact]
    public void Of_too_many_those_sleep_first_that_woke_up_first()
    {
        var awake = Of(2);
        foreach (var name in new[] { "a", "b", "c", "d" }) awake.Woke(new Sleeper(this, name));

        Assert.Equal(["a", "b"], _asleep);
        Assert.Equal(2, awake.Count);
    }

    [Fact]
    public void One_that_was_used_is_passed_over_once_and_no_more()
    {
        var awake = Of(2);
        awake.Woke(new Sleeper(this, "a") { IsUsed = true });
        foreach (var name in new[] { "b", "c", "d", "e" }) awake.Woke(new Sleeper(this, name));

        Assert.Equal(["b", "c", "a"], _asleep);
    }

    [Fact]
    public void Where_all_were_used_one_sleeps_all_the_same()
    {
        var awake = Of(3);
        foreach (var name in new[] { "a", "b", "c" }) awake.Woke(new Sleeper(this, name) { IsUsed = true });

        awake.Woke(new Sleeper(this, "d") { IsUsed = true });

        Assert.Equal(["a"], _asleep);
    }

    [Fact]
    public void One_that_sleeps_by_itself_makes_room()
    {
        var awake = Of(2);
        var a = awake.Woke(new Sleeper(this, "a"));
        awake.Woke(new Sleeper(this, "b"));
        awake.Slept(a);
        awake.Slept(a);

        awake.Woke(new Sleeper(this, "c"));

        Assert.Empty(_asleep);
        Assert.Equal(2, awake.Count);
    }

    private static AwakeVideos Of(int most) => new(Options.Create(new CountingOptions { VideosAwakeMax = most }));

    private sealed class Sleeper(AwakeVideosTests test, string name) : IAwakeVideo
    {
        public bool IsUsed { get; set; }

        public bool WasUsed()
        {
            var wasUsed = IsUsed;
            IsUsed = false;
            return wasUsed;
        }

        public void Sleep() => test._asleep.Add(name);
    }
}
