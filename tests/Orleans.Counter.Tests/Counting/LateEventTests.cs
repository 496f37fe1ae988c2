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
    public async Task An_hour_that_settles_again_while_another_day_is_read_keeps_what_it_held()
    {
        var store = new HoldsTheSecondDay();
        await using var cluster = await CounterCluster.Start(store);
        var video = cluster.Grains.GetGrain<IVideoGrain>(Kittens.Value);
        await video.Apply(Position.Start, Views(1, 3), TestContext.Current.CancellationToken);
        await video.Flush(TestContext.Current.CancellationToken);

        var late = video.Apply(Position.Of(0, 1), Views(2, 4), TestContext.Current.CancellationToken).AsTask();
        await store.Asked.Task;
        await video.Flush(TestContext.Current.CancellationToken);
        store.Answers.SetResult();
        Assert.Equal(new(Outcome.Done), await late);
        await video.Flush(TestContext.Current.CancellationToken);

        var (total, minutes) = store.Stored(Kittens, EventType.View);
        Assert.Equal(Cell.Plain(14), total);
        Assert.Equal([(Monday, Cell.Plain(7)), (Tuesday, Cell.Plain(7))], minutes.Select(minute => (minute.Key, minute.Value)).Order());
    }

    private static Entry[] Views(long position, long count) =>
        [new(Position.Of(0, position), EventType.View, Monday, Cell.Plain(count), 0), new(Position.Of(0, position), EventType.View, Tuesday, Cell.Plain(count), 0)];

    private sealed class HoldsTheSecondDay : MemoryCountStore
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Answers { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<IReadOnlyList<HourCells>> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
        {
            if (day == TableLayout.DayOf(Tuesday.Hour))
            {
                Asked.TrySetResult();
                await Answers.Task.WaitAsync(cancellationToken);
            }

            return await base.ReadDay(video, type, day, cancellationToken);
        }
    }
}
