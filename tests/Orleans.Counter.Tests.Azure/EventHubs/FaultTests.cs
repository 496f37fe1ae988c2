using Orleans.Counter.Dev.Faults;
using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.Azure.EventHubs;

/// <summary>Our client when the service does what hurts.</summary>
public sealed class FaultTests(HubUnderTest hub) : IClassFixture<HubUnderTest>
{
    private readonly AmqpEventHub _client = hub.Open();

    [Fact]
    public async Task A_throttled_send_is_said_to_be_one_and_the_next_goes_through()
    {
        hub.Faults.Add(new() { Kind = FaultKind.Throttle, At = FaultMoment.Send, Partition = 0, Times = 1 });

        var failure = await Assert.ThrowsAsync<EventHubsException>(() => _client.Send("0", Events.Text("a"), Events.Token));
        await _client.Send("0", Events.Text("b"), Events.Token);

        Assert.Equal(EventHubsFailure.ServiceBusy, failure.Failure);
        Assert.Equal(["b"], (await Read("0", 1)).Select(one => one.Text()));
    }

    [Theory]
    [InlineData("1", FaultKind.Detach, 0)]
    [InlineData("2", FaultKind.Close, 0)]
    [InlineData("3", FaultKind.Drop, 1)]
    public async Task A_send_whose_link_goes_is_of_unknown_outcome_and_the_next_goes_through(string partition, FaultKind kind, int stored)
    {
        hub.Faults.Add(new() { Kind = kind, At = FaultMoment.Send, Partition = int.Parse(partition), Times = 1 });

        var failure = await Assert.ThrowsAsync<EventHubsException>(() => _client.Send(partition, Events.Text("a"), Events.Token));
        await _client.Send(partition, Events.Text("b"), Events.Token);

        Assert.Equal(EventHubsFailure.Communication, failure.Failure);
        Assert.Equal(stored == 1 ? ["a", "b"] : ["b"], (await Read(partition, stored + 1)).Select(one => one.Text()));
    }

    [Theory]
    [InlineData("4", FaultKind.Detach)]
    [InlineData("5", FaultKind.Close)]
    [InlineData("6", FaultKind.Drop)]
    public async Task A_reader_whose_link_goes_misses_nothing_and_sees_nothing_twice(string partition, FaultKind kind)
    {
        await _client.SendAll(partition, 0, 30);
        hub.Faults.Add(new() { Kind = kind, At = FaultMoment.Receive, Partition = int.Parse(partition), Probability = 0.3, Seed = 5, Times = 3 });

        Assert.Equal(Enumerable.Range(0, 30).Select(i => (long)i), (await Read(partition, 30)).Select(one => one.SequenceNumber));
        Assert.Equal(3, hub.Faults.List().Last(one => one.Fault.Kind == kind && one.Fault.At == FaultMoment.Receive).Struck);
    }

    [Fact]
    public async Task A_position_that_retention_has_passed_is_said_to_be_invalid()
    {
        await _client.SendAll("7", 0, 1);
        const string Text = "The supplied sequence number '0' is invalid. The first sequence number in the system is '9'";
        hub.Faults.Add(new() { Kind = FaultKind.Refuse, At = FaultMoment.Attach, Partition = 7, Condition = "com.microsoft:argument-error", Description = Text });

        var failure = await Assert.ThrowsAsync<EventHubsException>(() => Read("7", 1));

        Assert.Equal(EventHubsFailure.InvalidPosition, failure.Failure);
    }

    private async Task<List<ReceivedEvent>> Read(string partition, int count)
    {
        await using var reader = _client.OpenReader(partition, EventPosition.Earliest, ownerLevel: null);
        return await reader.Read(count);
    }
}
