using System.Collections.Concurrent;
using Amqp.Framing;
using Amqp.Listener;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.Azure.EventHubs;

public sealed class ScriptTests : IAsyncDisposable
{
    private readonly ScriptedService _service = new();
    private readonly LogWatch _log = new();
    private readonly List<AmqpEventHub> _clients = [];

    [Fact]
    public async Task A_gap_is_not_handed_out_if_the_service_has_what_is_missing()
    {
        var reading = Open().OpenReader("0", EventPosition.Earliest, ownerLevel: 1).Read(5);
        (await _service.NextReader()).Send(0, 1, 3);

        var again = await _service.NextReader();
        Assert.Equal("amqp.annotation.x-opt-sequence-number > '1'", again.Filter);
        again.Send(2, 3, 4);

        Assert.Equal([0L, 1, 2, 3, 4], (await reading).Select(e => e.SequenceNumber));
    }

    [Fact]
    public async Task A_step_back_is_not_handed_out()
    {
        var reading = Open().OpenReader("0", EventPosition.Earliest, ownerLevel: 1).Read(3);
        (await _service.NextReader()).Send(0, 1, 1);
        (await _service.NextReader()).Send(0); // not even if the service insists
        (await _service.NextReader()).Send(2);

        Assert.Equal([0L, 1, 2], (await reading).Select(e => e.SequenceNumber));
    }

    [Fact]
    public async Task What_retention_took_is_reported_and_reading_goes_on()
    {
        var reading = Open().OpenReader("0", EventPosition.After(4), ownerLevel: 1).Read(3);
        (await _service.NextReader()).Send(10, 11, 20); // began late, and then fell behind
        (await _service.NextReader()).Send(20);

        Assert.Equal([10L, 11, 20], (await reading).Select(e => e.SequenceNumber));
        await _log.Says(24);
    }

    [Fact]
    public async Task Bodies_are_joined_if_they_are_data_and_said_not_to_be_otherwise()
    {
        var reading = Open().OpenReader("0", EventPosition.Earliest, ownerLevel: null).Read(3);
        var reader = await _service.NextReader();
        var sections = new DataList();
        foreach (byte[] section in new byte[][] { [1, 2], [], [3] }) sections.Add(new Data { Binary = section });
        reader.Send(0, sections);
        reader.Send(1, new AmqpValue { Value = "text" });
        reader.Send(2, new AmqpSequence { List = new object[] { 1, 2 } });

        var events = await reading;
        Assert.Equal([1, 2, 3], events[0].Body.ToArray());
        Assert.Equal([true, false, false], events.Select(e => e.BodyIsBinary));
        Assert.Equal([3, 0, 0], events.Select(e => e.Body.Length));
        Assert.Equal([0L, 1L, 2L], events.Select(e => e.Properties["n"]));
    }

    [Fact]
    public async Task A_reader_whose_link_is_dropped_attaches_again_on_the_same_connection()
    {
        var reading = Open().OpenReader("0", EventPosition.Earliest, ownerLevel: 1).Read(2);
        var reader = await _service.NextReader();
        reader.Send(0);
        reader.Detach("amqp:link:detach-forced");

        (await _service.NextReader()).Send(1);

        Assert.Equal([0L, 1], (await reading).Select(e => e.SequenceNumber));
        Assert.Equal(1, _service.Connections);
    }

    [Fact]
    public async Task A_reader_that_is_robbed_hands_out_nothing_more()
    {
        await using var reader = Open().OpenReader("0", EventPosition.Earliest, ownerLevel: 1);
        var first = reader.Read(1);
        var link = await _service.NextReader();
        link.Send(0, 1, 2);
        await first;
        link.Detach("amqp:link:stolen");
        _service.LastSequenceNumber = 2;
        await Open().GetPartitionProperties("0", Events.Token);

        var failure = await Assert.ThrowsAsync<EventHubsException>(async () => await reader.Read(100));
        Assert.Equal(EventHubsFailure.ConsumerDisconnected, failure.Failure);
    }

    [Fact]
    public async Task A_reader_that_is_left_without_events_that_exist_attaches_again()
    {
        var client = Open(options => options with { SilenceMax = TimeSpan.FromMilliseconds(100) });
        var reading = client.OpenReader("0", EventPosition.After(4), ownerLevel: 1).Read(1);
        await _service.NextReader(); // and is sent nothing

        _service.LastSequenceNumber = 5;
        var again = await _service.NextReader();
        again.Send(5);

        Assert.Equal(5, (await reading)[0].SequenceNumber);
        await _log.Says(25);
        Assert.Equal(1, _service.Connections);
    }

    [Fact]
    public async Task A_link_that_was_dropped_for_idleness_is_attached_again_by_the_next_send()
    {
        var client = Open();
        await client.Send("0", Events.Text("x"), Events.Token);
        Assert.True(_service.Senders.TryPeek(out var link));
        link.Close(TimeSpan.Zero, new Error("amqp:link:detach-forced") { Description = "Idle timeout: 00:30:00" });
        await _log.Says(13);

        await client.Send("0", Events.Text("y"), Events.Token);

        Assert.Equal((2, 1), (_service.Senders.Count, _service.Connections));
    }

    [Fact]
    public async Task A_rejection_tells_why_and_leaves_the_link_as_it_is()
    {
        _service.OnSend = context => context.Complete(new Error("com.microsoft:server-busy") { Description = "50002" });
        var client = Open();

        Assert.Equal(EventHubsFailure.ServiceBusy, (await Fails(client.Send("0", Events.Text("x"), Events.Token))).Failure);
        _service.OnSend = context => context.Complete();
        await client.Send("0", Events.Text("x"), Events.Token);

        Assert.Single(_service.Senders);
    }

    [Fact]
    public async Task What_is_in_flight_when_the_link_ends_is_unknown_whatever_the_reason_of_the_end()
    {
        _service.OnSend = context => context.Link.Close(TimeSpan.Zero, new Error("com.microsoft:server-busy"));

        var failure = await Fails(Open().Send("0", Events.Text("x"), Events.Token));

        Assert.Equal(EventHubsFailure.Communication, failure.Failure);
        Assert.Contains("server-busy", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_send_without_an_answer_costs_its_link_but_not_a_connection_that_lives()
    {
        var client = Open(options => options with { OperationTimeout = TimeSpan.FromSeconds(1) });
        await client.Send("0", Events.Text("w"), Events.Token);
        var unanswered = new ConcurrentQueue<MessageContext>();
        _service.OnSend = context =>
        {
            if (unanswered.IsEmpty) unanswered.Enqueue(context);
            else context.Complete();
        };
        var first = client.Send("0", Events.Text("x"), Events.Token);
        await client.Send("0", Events.Text("y"), Events.Token);

        Assert.Equal(EventHubsFailure.ServiceTimeout, (await Fails(first)).Failure);
        await client.Send("0", Events.Text("z"), Events.Token);

        Assert.Equal((2, 1), (_service.Senders.Count, _service.Connections));
    }

    [Fact]
    public async Task Tokens_are_put_before_each_link_and_again_before_they_expire()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var client = Open(time: time);
        await client.Send("3", Events.Text("x"), Events.Token);
        var audience = $"{_service.Options.Endpoint.Audience("frames")}/Partitions/3";
        Assert.Equal([audience], _service.Tokens);

        time.Advance(TimeSpan.FromMinutes(44));
        Assert.Single(_service.Tokens);
        time.Advance(TimeSpan.FromMinutes(2));
        await _log.Says(5);

        Assert.Equal([audience, audience], _service.Tokens);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) await client.DisposeAsync();
        _service.Dispose();
    }

    private static Task<EventHubsException> Fails(Task task) => Assert.ThrowsAsync<EventHubsException>(() => task);

    private AmqpEventHub Open(Func<EventHubConnectionOptions, EventHubConnectionOptions>? change = null, TimeProvider? time = null)
    {
        var client = new AmqpEventHub(change?.Invoke(_service.Options) ?? _service.Options, time ?? TimeProvider.System, _log);
        _clients.Add(client);
        return client;
    }
}
