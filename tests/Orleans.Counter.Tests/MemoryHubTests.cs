using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests;

public sealed class MemoryHubTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly MemoryHub _hub;

    public MemoryHubTests() => _hub = new(2, _time);

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_gets_what_was_sent_and_waits_for_the_rest()
    {
        await _hub.Send("1", Data(7), Stop);
        await using var reader = _hub.OpenReader("1", EventPosition.Earliest, 0);

        Assert.Equal("0", await Receive(reader));
        var more = Receive(reader);
        Assert.False(more.IsCompleted);
        await _hub.Send("1", Data(8), Stop);
        Assert.Equal("1", await more);
        Assert.Empty(_hub.Log("0"));
    }

    [Fact]
    public async Task A_reader_begins_after_its_position()
    {
        for (byte i = 0; i < 4; i++)
        {
            _hub.Append("0", Data(i));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal("2 3", await Receive(_hub.OpenReader("0", EventPosition.After(1), null)));
        Assert.Equal("3", await Receive(_hub.OpenReader("0", EventPosition.EnqueuedAfter(_hub.Log("0")[2].EnqueuedTime), null)));
        await Refused(EventHubsFailure.InvalidPosition, _hub.OpenReader("0", EventPosition.After(4), null));
    }

    [Fact]
    public async Task An_owner_of_the_same_level_robs_the_one_before_and_a_lower_one_is_refused()
    {
        var first = _hub.OpenReader("0", EventPosition.Earliest, 1);
        var waiting = Receive(first);
        var second = _hub.OpenReader("0", EventPosition.Earliest, 1);
        var owning = Receive(second);

        Assert.Equal(EventHubsFailure.ConsumerDisconnected, (await Assert.ThrowsAsync<EventHubsException>(() => waiting)).Failure);
        await Refused(EventHubsFailure.ConsumerDisconnected, first);
        await Refused(EventHubsFailure.ConsumerDisconnected, _hub.OpenReader("0", EventPosition.Earliest, 0));
        await Refused(EventHubsFailure.ConsumerDisconnected, _hub.OpenReader("0", EventPosition.Earliest, null));
        _hub.Append("0", Data(1));
        Assert.Equal("0", await owning);
    }

    [Fact]
    public async Task A_send_can_fail_and_be_stored_all_the_same()
    {
        _hub.FailNextSends(1, EventHubsFailure.ServiceTimeout, stored: true);
        await Assert.ThrowsAsync<EventHubsException>(() => _hub.Send("0", Data(1), Stop));
        _hub.FailNextSends(1, EventHubsFailure.ServiceBusy, stored: false);
        await Assert.ThrowsAsync<EventHubsException>(() => _hub.Send("0", Data(2), Stop));

        Assert.Equal(1, Assert.Single(_hub.Log("0")).Body.Span[0]);
    }

    private static EventData Data(byte content) => new(new[] { content });

    private static async Task<string> Receive(IPartitionReader reader) =>
        string.Join(' ', (await reader.Receive(10, Stop)).Select(one => one.SequenceNumber));

    private static async Task Refused(EventHubsFailure failure, IPartitionReader reader) =>
        Assert.Equal(failure, (await Assert.ThrowsAsync<EventHubsException>(() => Receive(reader))).Failure);
}
