using System.Globalization;
using Orleans.Counter.Audit;
using Orleans.Counter.Tests.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Audit;

/// <summary>The weak audit, on a hub and a store in memory.</summary>
public sealed class CanaryTests
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly VideoId Puppies = VideoId.Parse("puppies");
    private static readonly DateTimeOffset Now = new(DateTimeOffset.UtcNow.Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero);

    [Fact]
    public async Task Every_event_of_the_log_is_counted_a_repeat_or_a_dead_letter()
    {
        await using var cluster = await CounterCluster.Start();

        SendSomeOfEach(cluster);

        await Adds(cluster, accepted: 61, counted: 36, duplicates: 3, deadLettered: 22);
    }

    [Fact]
    public async Task The_sum_stays_the_same_when_shards_and_videos_forget_and_hear_the_log_again()
    {
        await using var cluster = await CounterCluster.Start(checkpointEvery: TimeSpan.FromMinutes(5), silos: 2);
        SendSomeOfEach(cluster);
        await cluster.Visible(Puppies, 3);

        await cluster.Kill(cluster.Silos[1]);
        await cluster.Pace(TimeSpan.FromMilliseconds(100));

        await Adds(cluster, accepted: 61, counted: 36, duplicates: 3, deadLettered: 22);
    }

    [Fact]
    public async Task An_event_that_nobody_can_account_for_is_a_difference()
    {
        var store = new MemoryCountStore();
        await store.WriteShard(new(7), new(Position.Start, Now, 1, new(Events: 10, Counted: 7, Duplicates: 1, DeadLettered: 1)), null, TestContext.Current.CancellationToken);
        await using var cluster = await CounterCluster.Start(store);

        var answer = await new Canary(cluster.Grains, store, TimeProvider.System).Ask(TestContext.Current.CancellationToken);

        Assert.Equal((10, 7, 1, 1, 1), (answer.Accepted, answer.Counted, answer.Duplicates, answer.DeadLettered, answer.Difference));
    }

    /// <summary>61 events: 3 + 1 + 32 are counted, 3 are repeats; dead letters are 8 + 1 types too many, one too old, 5 in a message that is no frame, 7 in one that came to the wrong partition.</summary>
    private static void SendSomeOfEach(CounterCluster cluster)
    {
        cluster.Send([.. Enumerable.Range(0, 40).Select(type => new Event(Kittens, Now, $"type{type:00}"))]);
        cluster.Send(new Event(Kittens, Now, "type39"), new Event(Kittens, Now, "type00"));
        cluster.Send(new Event(Puppies, Now, Id: "1"), new Event(Puppies, Now, Id: "1"), new Event(Puppies, Now, Id: "2"), new Event(Puppies, Now.AddDays(-8), Id: "3"));
        cluster.Send(new Event(Puppies, Now, Id: "1"), new Event(Puppies, Now, Id: "2"), new Event(Puppies, Now, Id: "4"));
        cluster.Hub.Append("0", new("no frame"u8.ToArray(), new Dictionary<string, object> { ["events"] = 5 }));
        cluster.Hub.Append("1", new("no frame, and no count"u8.ToArray(), new Dictionary<string, object> { ["events"] = -1 }));
        var elsewhere = 1 - Shard.Of(Puppies).Partition(CounterCluster.Partitions);
        cluster.Hub.Append(elsewhere.ToString(CultureInfo.InvariantCulture), Events.Frame([.. Enumerable.Range(0, 7).Select(_ => new Event(Puppies, Now))]).Data());
    }

    private static async Task Adds(CounterCluster cluster, long accepted, long counted, long duplicates, long deadLettered)
    {
        await cluster.Stored();
        var answer = await new Canary(cluster.Grains, cluster.Store, TimeProvider.System).Ask(TestContext.Current.CancellationToken);
        Assert.Equal((accepted, counted, duplicates, deadLettered), (answer.Accepted, answer.Counted, answer.Duplicates, answer.DeadLettered));
        Assert.Equal((0, 0), (answer.InFlight, answer.Difference));
        Assert.Equal(deadLettered, cluster.DeadLetters.Letters.Values.Sum(letter => letter.EventCount));
    }
}
