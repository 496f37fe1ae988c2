using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.Azure.EventHubs;

public sealed class RoundTripTests(HubUnderTest hub) : IClassFixture<HubUnderTest>
{
    // Each test has a partition to itself.
    private const int Count = 300;

    private static int _partitions;

    private readonly AmqpEventHub _client = hub.Open();
    private readonly string _partition = $"{Interlocked.Increment(ref _partitions) - 1}";

    [Fact]
    public async Task Events_sent_together_come_back_in_the_order_of_the_calls()
    {
        await _client.SendAll(_partition, 0, Count);

        await using var reader = _client.OpenReader(_partition, EventPosition.Earliest, ownerLevel: 1);
        var events = await reader.Read(Count);

        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"{i}"), events.Select(e => e.Text()));
        Assert.Equal(Enumerable.Range(0, Count).Select(i => (long)i), events.Select(e => e.SequenceNumber));
    }

    [Fact]
    public async Task A_reader_begins_wherever_it_was_told_to()
    {
        await _client.SendAll(_partition, 0, Count);
        await using var all = _client.OpenReader(_partition, EventPosition.Earliest, ownerLevel: null);
        var middle = (await all.Read(Count))[Count / 2];

        await using var after = _client.OpenReader(_partition, EventPosition.After(middle.SequenceNumber), ownerLevel: null);
        Assert.Equal(middle.SequenceNumber + 1, (await after.Read(1))[0].SequenceNumber);

        await using var begin = _client.OpenReader(_partition, EventPosition.After(-1), ownerLevel: null);
        Assert.Equal(0, (await begin.Read(1))[0].SequenceNumber);

        await using var time = _client.OpenReader(_partition, EventPosition.EnqueuedAfter(middle.EnqueuedTime.AddMilliseconds(-1)), ownerLevel: null);
        Assert.InRange((await time.Read(1))[0].EnqueuedTime, middle.EnqueuedTime, middle.EnqueuedTime.AddMilliseconds(1));

        await using var latest = _client.OpenReader(_partition, EventPosition.Latest, ownerLevel: null);
        var first = latest.Receive(1, Events.Token).AsTask();
        while (!first.IsCompleted) await _client.SendAll(_partition, Count, 1); // until the reader stands
        Assert.True((await first)[0].SequenceNumber >= Count);
    }

    [Fact]
    public async Task Body_and_properties_arrive_as_they_were_sent()
    {
        var properties = new Dictionary<string, object> { ["text"] = "кот", ["flag"] = true, ["int"] = 7, ["long"] = 1L << 40, ["double"] = 0.5 };
        var body = new byte[] { 0, 1, 2, 3, 4, 5 };
        var before = DateTimeOffset.UtcNow.AddSeconds(-1);

        await _client.Send(_partition, new EventData(body.AsMemory(2, 3), properties), Events.Token);
        await _client.Send(_partition, new EventData(ReadOnlyMemory<byte>.Empty), Events.Token);

        await using var reader = _client.OpenReader(_partition, EventPosition.Earliest, ownerLevel: null);
        var events = await reader.Read(2);
        Assert.Equal([2, 3, 4], events[0].Body.ToArray());
        Assert.Equal(properties, events[0].Properties);
        Assert.InRange(events[0].EnqueuedTime, before, DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.Equal((0, true, 0), (events[1].Body.Length, events[1].BodyIsBinary, events[1].Properties.Count));
    }

    [Fact]
    public async Task Large_events_pass_and_too_large_ones_are_refused_before_they_are_sent()
    {
        var body = new byte[900_000];
        Random.Shared.NextBytes(body);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _client.Send(_partition, new EventData(body), Events.Token)));

        var failure = await Assert.ThrowsAsync<EventHubsException>(() => _client.Send(_partition, new EventData(new byte[1024 * 1024]), Events.Token));
        Assert.Equal(EventHubsFailure.MessageSizeExceeded, failure.Failure);
        Assert.Contains("the service takes 1048576", failure.Message, StringComparison.Ordinal);

        await using var reader = _client.OpenReader(_partition, EventPosition.Earliest, ownerLevel: null);
        foreach (var received in await reader.Read(8)) Assert.True(received.Body.Span.SequenceEqual(body));
    }

    [Fact]
    public async Task A_hub_and_its_partitions_say_what_they_are()
    {
        var properties = await _client.GetProperties(Events.Token);
        Assert.Equal((HubUnderTest.Name, 8), (properties.Name, properties.PartitionIds.Count));
        Assert.InRange(properties.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddSeconds(1));

        var empty = await _client.GetPartitionProperties(_partition, Events.Token);
        Assert.True(empty.IsEmpty);
        Assert.Equal((_partition, -1), (empty.Id, empty.LastSequenceNumber));

        await _client.SendAll(_partition, 0, 3);
        var full = await _client.GetPartitionProperties(_partition, Events.Token);
        Assert.False(full.IsEmpty);
        Assert.Equal((0, 2), (full.BeginSequenceNumber, full.LastSequenceNumber));
        Assert.InRange(full.LastEnqueuedTime, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddSeconds(1));
    }

    [Fact]
    public async Task A_property_that_AMQP_cannot_carry_is_the_callers_mistake()
    {
        var properties = new Dictionary<string, object> { ["version"] = new Version(1, 0) };

        var mistake = await Assert.ThrowsAsync<ArgumentException>(() => _client.Send(_partition, new EventData(default, properties), Events.Token));
        Assert.Contains("'version' is a Version", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_whose_sender_gave_up_before_it_was_written_is_not_sent()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.Send(_partition, Events.Text("never"), cancelled.Token));
        await _client.Send(_partition, Events.Text("sent"), Events.Token);

        await using var reader = _client.OpenReader(_partition, EventPosition.Earliest, ownerLevel: null);
        Assert.Equal("sent", (await reader.Read(1))[0].Text());
    }
}
