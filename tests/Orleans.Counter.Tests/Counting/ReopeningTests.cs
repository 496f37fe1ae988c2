using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Counting;

/// <summary>Late events whose hours are read again, while others settle.</summary>
public sealed class ReopeningTests
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");

    [Fact]
    public async Task An_hour_that_settles_while_another_one_is_read_keeps_its_minutes()
    {
        var store = new SettlesDuringARead();
        var time = DateTimeOffset.UtcNow;
        time = new(time.UtcTicks / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour, TimeSpan.Zero);
        var late = time.AddHours(-5); // its hour is due at once
        await using var cluster = await CounterCluster.Start(store);
        cluster.Send(new Event(Kittens, late), new Event(Kittens, late, "like"));
        await cluster.Stored();
        await store.Until(_ => store.SettledHours(Kittens).Count == 2);

        store.Begin();
        cluster.Send(new Event(Kittens, late.AddMinutes(1)));
        await store.Writing.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken); // the hour of views is open, and being settled again
        cluster.Send(new Event(Kittens, late.AddMinutes(2)), new Event(Kittens, late.AddMinutes(2), "like")); // the hour of likes has to be read
        await cluster.Stored();

        var (total, minutes) = store.Stored(Kittens, EventType.View);
        Assert.Equal(3, total.Count);
        Assert.Equal(3, minutes.Count);
    }

    private sealed class SettlesDuringARead : MemoryCountStore
    {
        private readonly TaskCompletionSource _writing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _begun;

        public Task Writing => _writing.Task;

        public void Begin() => _begun = true;

        public override async ValueTask<IReadOnlyList<HourCells>> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
        {
            if (_begun && type != EventType.View)
            {
                _reading.TrySetResult();
                await _written.Task;
            }

            return await base.ReadDay(video, type, day, cancellationToken);
        }

        public override async ValueTask<RowVersion> CommitVideo(VideoRow row, RowVersion? version, IReadOnlyList<HourCells> settled, CancellationToken cancellationToken)
        {
            if (_begun)
            {
                _writing.TrySetResult();
                await _reading.Task;
            }

            return await base.CommitVideo(row, version, settled, cancellationToken);
        }

        // The shard's checkpoint comes after the video has heard that it is stored.
        public override ValueTask<RowVersion> WriteShard(Shard shard, ShardRow row, RowVersion? version, CancellationToken cancellationToken)
        {
            if (_reading.Task.IsCompleted && shard == Shard.Of(Kittens)) _written.TrySetResult();
            return base.WriteShard(shard, row, version, cancellationToken);
        }
    }
}
