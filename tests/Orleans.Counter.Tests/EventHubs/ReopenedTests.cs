using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.EventHubs;

public sealed class ReopenedTests
{
    [Fact]
    public async Task All_who_ask_while_it_opens_share_one_and_the_first_after_it_closed_opens_another()
    {
        var opening = new TaskCompletionSource<Door>();
        var opened = 0;
        var doors = new Reopened<Door>(
            () =>
            {
                Interlocked.Increment(ref opened);
                return opening.Task;
            },
            door => door.IsOpen);

        var asked = Enumerable.Range(0, 10).Select(_ => doors.Get()).ToArray();
        var first = new Door();
        opening.SetResult(first);
        Assert.All(await Task.WhenAll(asked), door => Assert.Same(first, door));
        Assert.Same(first, await doors.Get());
        Assert.Equal(1, opened);

        first.IsOpen = false;
        opening = new TaskCompletionSource<Door>();
        opening.SetResult(new Door());
        Assert.NotSame(first, await doors.Get());
        Assert.Equal(2, opened);
    }

    [Fact]
    public async Task A_failure_to_open_is_not_kept()
    {
        var attempts = 0;
        var doors = new Reopened<Door>(
            () => Interlocked.Increment(ref attempts) == 1 ? throw new IOException("locked") : Task.FromResult(new Door()), door => door.IsOpen);

        await Assert.ThrowsAsync<IOException>(doors.Get);

        Assert.NotNull(await doors.Get());
    }

    private sealed class Door
    {
        public bool IsOpen { get; set; } = true;
    }
}
