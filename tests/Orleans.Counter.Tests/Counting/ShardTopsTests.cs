using CsCheck;
using Orleans.Counter.Counting;
using Xunit;

namespace Orleans.Counter.Tests.Counting;

/// <summary>What a shard keeps of its most counted videos.</summary>
public sealed class ShardTopsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 25, 10, 30, 0, TimeSpan.Zero);
    private static readonly TopWindow Hour = TopWindow.Of(WindowLength.Hour, Minute.Of(Now));

    [Fact]
    public void The_first_hundred_are_complete_and_exact_however_counts_grow_and_whenever_the_shard_begins_anew() =>
        Gen.Select(Gen.Int[0, 700], Gen.Int[1, 50], Gen.Int[0, 99]).Array[1, 2_000].Sample(
            steps =>
            {
                var (tops, counts) = (new ShardTops([]), new Dictionary<VideoId, long>());
                foreach (var (number, more, chance) in steps)
                {
                    var video = Video(number);
                    counts[video] = counts.GetValueOrDefault(video) + more;
                    tops.Told(video, [new(EventType.View, Hour, counts[video])], Now);
                    if (chance == 0) tops = new(tops.Capture(Now));
                }

                var first = TopVideo.Ranked(counts.Select(count => new TopVideo(count.Key, count.Value))).Take(100);
                Assert.Equal(first, tops.First(EventType.View, Hour, 100));
            },
            iter: 60);

    [Fact]
    public void What_is_said_twice_changes_nothing_and_what_is_not_said_any_more_is_gone()
    {
        var tops = new ShardTops([]);
        tops.Told(Video(1), [new(EventType.View, Hour, 7), new(EventType.View, Hour.Previous, 3)], Now);
        var changes = tops.Changes;

        tops.Told(Video(1), [new(EventType.View, Hour, 7), new(EventType.View, Hour.Previous, 3)], Now);
        Assert.Equal(changes, tops.Changes);

        tops.Told(Video(1), [new(EventType.View, Hour, 0)], Now);
        Assert.True(tops.Changes > changes);
        Assert.Empty(tops.First(EventType.View, Hour, 100).Concat(tops.First(EventType.View, Hour.Previous, 100)));
    }

    [Fact]
    public void Windows_that_nobody_can_ask_for_take_no_room()
    {
        var tops = new ShardTops([]);
        tops.Told(Video(1), [new(EventType.View, Hour, 7), new(EventType.View, Hour.Previous, 3), new(EventType.View, Hour.Previous.Previous, 2)], Now);
        Assert.Equal([Hour, Hour.Previous], tops.Capture(Now).Select(list => list.Window));

        Assert.Equal([Hour], tops.Capture(Now.AddHours(1)).Select(list => list.Window));
        Assert.Empty(tops.Capture(Now.AddHours(2)));
    }

    [Fact]
    public void Views_and_seven_other_types_have_lists_and_a_type_that_nobody_counts_any_more_makes_room()
    {
        var tops = new ShardTops([]);
        var types = Enumerable.Range(0, 40).Select(number => EventType.Parse($"type_{number}")).ToList();
        foreach (var type in types) tops.Told(Video(1), [new(type, Hour, 1)], Now);
        tops.Told(Video(1), [.. types.Take(7).Append(EventType.View).Select(type => new WindowCount(type, Hour, 2))], Now);

        Assert.Equal([EventType.View, .. types.Take(7)], types.Prepend(EventType.View).Where(tops.Keeps));
        Assert.Equal([new(Video(1), 2)], tops.First(EventType.View, Hour, 100));
        Assert.Empty(tops.First(types[7], Hour, 100));

        var later = Now.AddHours(2);
        tops.Told(Video(1), [new(types[39], TopWindow.Of(WindowLength.Hour, Minute.Of(later)), 5)], later);
        Assert.True(tops.Keeps(types[39]));
    }

    private static VideoId Video(int number) => VideoId.Parse($"v{number}");
}
