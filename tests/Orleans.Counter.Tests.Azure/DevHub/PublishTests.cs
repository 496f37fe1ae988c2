using System.Security.Cryptography;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Xunit;
using static Orleans.Counter.Tests.Azure.Dev.HubClient;

namespace Orleans.Counter.Tests.Azure.Dev;

public sealed class PublishTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Events_of_a_partition_come_back_in_order_singly_or_in_batches()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var sender = await client.Sender($"/{hub}/Partitions/2");
        await sender.SendAsync(Event(0), Patience);
        await sender.SendAsync(Batch([Event(1), Event(2), Event(3)]), Patience);
        await sender.SendAsync(Event(4), Patience);

        var reader = await client.Reader(hub, 2);
        reader.SetCredit(10);
        var events = await Next(reader, 5);

        Assert.Equal([0, 1, 2, 3, 4], events.Select(one => ((byte[])one.Body)[0]));
        Assert.Equal([0, 1, 2, 3, 4], events.Select(Sequence));
        Assert.Equal(events.Select(EnqueuedTime).Order(), events.Select(EnqueuedTime));
    }

    [Fact]
    public async Task A_partition_key_decides_the_partition()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var sender = await client.Sender(hub);
        var message = Event(1);
        message.MessageAnnotations = new MessageAnnotations { [new Symbol("x-opt-partition-key")] = "order-42" };
        await sender.SendAsync(message, Patience);

        var reader = await client.Reader(hub, 3); // of four, as the official clients say
        reader.SetCredit(1);
        Assert.Equal("order-42", (await Next(reader)).MessageAnnotations[new Symbol("x-opt-partition-key")]);
    }

    [Fact]
    public async Task Events_without_a_key_go_to_each_partition_in_turn()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var sender = await client.Sender(hub);
        for (var i = 0; i < 8; i++)
            await sender.SendAsync(Event(1), Patience);

        for (var partition = 0; partition < 4; partition++)
            Assert.Equal(1L, ((Map)(await client.Read("partition", hub, $"{partition}")).Body)["last_enqueued_sequence_number"]);
    }

    [Fact]
    public async Task A_message_of_a_megabyte_passes_and_a_larger_one_is_refused()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var sender = await client.Sender($"{hub}/Partitions/0");
        var large = RandomNumberGenerator.GetBytes(1024 * 1024 - 20);
        await sender.SendAsync(Event(large), Patience);
        var refused = await Assert.ThrowsAsync<AmqpException>(() => sender.SendAsync(Event(new byte[1024 * 1024]), Patience));
        Assert.Equal("amqp:link:message-size-exceeded", refused.Error.Condition.ToString());
        await sender.SendAsync(Event(1), Patience);

        var reader = await client.Reader(hub, 0);
        reader.SetCredit(2);
        Assert.Equal(large, (byte[])(await Next(reader)).Body);
        Assert.Equal(1, Sequence(await Next(reader)));
    }

    [Fact]
    public async Task What_is_no_batch_is_refused_and_the_link_lives_on()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var sender = await client.Sender($"{hub}/Partitions/0");
        var nonsense = new Message { BodySection = new Data { Binary = [1, 2, 3] }, Format = BatchFormat };
        var refused = await Assert.ThrowsAsync<AmqpException>(() => sender.SendAsync(nonsense, Patience));
        Assert.Equal("amqp:decode-error", refused.Error.Condition.ToString());

        await sender.SendAsync(Event(1), Patience);
    }

    [Fact]
    public async Task Addresses_that_lead_nowhere_are_refused()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        foreach (var (address, condition) in new[]
        {
            ("nowhere", "amqp:not-found"), ($"{hub}/Nonsense/0", "amqp:not-found"), ($"{hub}/Partitions/4", "com.microsoft:argument-out-of-range"),
        })
        {
            Assert.Equal(condition, (await Assert.ThrowsAsync<AmqpException>(() => client.Sender(address))).Error.Condition.ToString());
        }

        var group = await Assert.ThrowsAsync<AmqpException>(() => client.Reader(hub, 0, group: new string('g', 51)));
        Assert.Equal("amqp:not-found", group.Error.Condition.ToString());
    }

    [Fact]
    public async Task Management_says_what_a_hub_and_a_partition_are()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var sender = await client.Sender($"{hub}/Partitions/1");
        await sender.SendAsync(Batch([Event(1), Event(2)]), Patience);

        var told = (Map)(await client.Read("eventhub", hub)).Body;
        Assert.Equal((hub, 4), (told["name"], told["partition_count"]));
        Assert.Equal(["0", "1", "2", "3"], (string[])told["partition_ids"]);

        var partition = (Map)(await client.Read("partition", hub, "1")).Body;
        Assert.Equal((0L, 1L, false), (partition["begin_sequence_number"], partition["last_enqueued_sequence_number"], partition["is_partition_empty"]));
        var empty = (Map)(await client.Read("partition", hub, "0")).Body;
        Assert.Equal((-1L, "-1", true), (empty["last_enqueued_sequence_number"], empty["last_enqueued_offset"], empty["is_partition_empty"]));

        Assert.Equal(404, (await client.Read("eventhub", "nowhere")).ApplicationProperties["status-code"]);
        Assert.Equal("com.microsoft:argument-out-of-range", (await client.Read("partition", hub, "4")).ApplicationProperties["error-condition"].ToString());
    }

    [Fact]
    public async Task A_wrong_key_does_not_get_in() => await Assert.ThrowsAsync<AmqpException>(() => HubClient.Open(fixture.Port, "wrong"));
}
