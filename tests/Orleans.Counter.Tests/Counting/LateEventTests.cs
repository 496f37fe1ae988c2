using Orleans.Counter.Counting;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Counting;

public sealed class LateEventTests
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly Minute Monday = Minute.Of(new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero));
    private static readonly Minute Tuesday = new(Monday.Number + Minute.PerDay);

    [Fact]
    public async Task An_hour_that_was_open_and_settles_while_another_day_is_read_keeps_what_it_held()
    {
        var store = new HoldsTuesday();
        await using var cluster = await CounterCluster.Start(store);
        var video = cluster.Grains.GetGrain<IVideoGrain>(Kittens.Value);
        await video.Apply(Position.Start, [Views(1, Monday), Views(1, Tuesday)], TestContext.Current.CancellationToken);
        await video.Flush(TestContext.Current.CancellationToken); // Both are long over: they settle.
        await video.Apply(Position.Start, [Views(2, Monday)], TestContext.Current.CancellationToken);

        await ApplyWithAFlushBeside(video, store, [Views(3, Monday), Views(3, Tuesday)]);

        store.Holds(Kittens, (Monday, 3), (Tuesday, 2));
    }

    [Fact]
    public async Task An_hour_that_was_opened_first_does_not_settle_again_while_another_day_is_read()
    {
        var store = new HoldsTuesday();
        await using var cluster = await CounterCluster.Start(store);
        var video = cluster.Grains.GetGrain<IVideoGrain>(Kittens.Value);
        await video.Apply(Position.Start, [Views(1, Monday), Views(1, Tuesday)], TestContext.Current.CancellationToken);
        await video.Flush(TestContext.Current.CancellationToken);

        await ApplyWithAFlushBeside(video, store, [Views(2, Monday), Views(2, Tuesday)]);

        store.Holds(Kittens, (Monday, 2), (Tuesday, 2));
    }

    private static async Task ApplyWithAFlushBeside(IVideoGrain video, HoldsTuesday store, Entry[] late)
    {
        var applying = video.Apply(Position.Start, late, TestContext.Current.CancellationToken).AsTask();
        await store.Asked.Task;
        await video.Flush(TestContext.Current.CancellationToken);
        store.Answers.SetResult();
        Assert.Equal(new(Outcome.Done), await applying);
        await video.Flush(TestContext.Current.CancellationToken);
    }

    private static Entry Views(long position, Minute minute) => new(Position.Of(0, position), EventType.View, minute, Cell.Plain(1), 0);

    private sealed class HoldsTuesday : MemoryCountStore
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Answers { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<Versioned<DayRow>?> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
        {
            if (day == TableLayout.DayOf(Tuesday.Hour))
            {
                Asked.TrySetResult();
                await Answers.Task.WaitAsync(cancellationToken);
            }

            return await base.ReadDay(video, type, day, cancellationToken);
        }

        public void Holds(VideoId video, params (Minute Minute, long Count)[] expected)
        {
            var (total, minutes) = Stored(video, EventType.View);
            Assert.Equal(expected.Sum(one => one.Count), total.Count);
            Assert.Equal(expected, minutes.Select(minute => (minute.Key, minute.Value.Count)).Order());
        }
    }
}
