using Amqp;
using Amqp.Types;
using Xunit;
using static Orleans.Counter.Tests.Azure.Dev.HubClient;

namespace Orleans.Counter.Tests.Azure.Dev;

public sealed class ReadTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("offset", ">", false)]
    [InlineData("offset", ">=", true)]
    [InlineData("sequence-number", ">", false)]
    [InlineData("sequence-number", ">=", true)]
    [InlineData("enqueued-time", ">", false)]
    [InlineData("enqueued-time", ">=", true)]
    public async Task A_reader_begins_where_its_selector_says(string name, string comparison, bool inclusive)
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var all = await Fill(client, hub, 20);
        var at = all[11];
        var value = name switch
        {
            "offset" => Offset(at),
            "sequence-number" => $"{Sequence(at)}",
            _ => $"{new DateTimeOffset(EnqueuedTime(at)).ToUnixTimeMilliseconds()}",
        };
        var expected = name == "enqueued-time"
            ? all.First(one => inclusive ? EnqueuedTime(one) >= EnqueuedTime(at) : EnqueuedTime(one) > EnqueuedTime(at))
            : inclusive ? at : all[12];

        foreach (var written in new[] { value, $"'{value}'" }) // the .NET client does not quote, the others do
        {
            var reader = await client.Reader(hub, 0, $"amqp.annotation.x-opt-{name} {comparison} {written}");
            reader.SetCredit(1);
            Assert.Equal(Sequence(expected), Sequence(await Next(reader)));
            await reader.CloseAsync();
        }
    }

    [Theory]
    [InlineData("amqp.annotation.x-opt-offset > '-1'")]
    [InlineData("amqp.annotation.x-opt-offset >= -1")]
    [InlineData("amqp.annotation.x-opt-sequence-number > '-1'")]
    [InlineData("amqp.annotation.x-opt-enqueued-time > '0'")]
    [InlineData(null)]
    public async Task A_reader_may_begin_with_the_oldest_event(string? selector)
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        await Fill(client, hub, 3);
        var reader = await client.Reader(hub, 0, selector);
        reader.SetCredit(3);
        Assert.Equal([0, 1, 2], (await Next(reader, 3)).Select(Sequence));
    }

    [Theory]
    [InlineData("amqp.annotation.x-opt-offset > '@latest'")]
    [InlineData("amqp.annotation.x-opt-sequence-number > '2'")]
    public async Task A_reader_may_begin_with_what_comes_next(string selector)
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        await Fill(client, hub, 3);
        var reader = await client.Reader(hub, 0, selector);
        reader.SetCredit(3);
        await (await client.Sender($"{hub}/Partitions/0")).SendAsync(Event(1), Patience);
        Assert.Equal(3, Sequence(await Next(reader)));
    }

    [Theory]
    [InlineData("offset", "154448", "The supplied offset '154448' is invalid. The last offset in the system is '")]
    [InlineData("sequence-number", "71181", "The supplied sequence number '71181' is invalid. The last sequence number in the system is '2'")]
    public async Task A_position_past_the_end_is_an_error_and_evicts_nobody(string name, string value, string text)
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        await Fill(client, hub, 3);
        var owner = await client.Reader(hub, 0, epoch: 1);
        var refused = await Assert.ThrowsAsync<AmqpException>(() => client.Reader(hub, 0, $"amqp.annotation.x-opt-{name} > '{value}'", epoch: 2));
        Assert.Equal("com.microsoft:argument-error", refused.Error.Condition.ToString());
        Assert.StartsWith(text, refused.Error.Description, StringComparison.Ordinal);

        owner.SetCredit(1);
        Assert.Equal(0, Sequence(await Next(owner)));
    }

    [Fact]
    public async Task A_selector_that_means_nothing_is_an_error()
    {
        await using var client = await HubClient.Open(fixture.Port);
        var refused = await Assert.ThrowsAsync<AmqpException>(() => client.Reader(fixture.NewHub(), 0, "amqp.annotation.x-opt-colour > 'blue'"));
        Assert.Equal("amqp:invalid-field", refused.Error.Condition.ToString());
    }

    [Fact]
    public async Task No_more_events_come_than_the_client_has_credit_for()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        await Fill(client, hub, 30);
        var reader = await client.Reader(hub, 0, settled: true);
        var came = 0;
        var (ten, more) = (new TaskCompletionSource(), new TaskCompletionSource());
        reader.Start(10, (_, _) =>
        {
            came++;
            if (came == 10)
                ten.TrySetResult();
            if (came > 10)
                more.TrySetResult();
        });
        await ten.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);

        // What a second reader on the same connection gets has passed everything that the first one could have got.
        var after = await client.Reader(hub, 0);
        after.SetCredit(30);
        await Next(after, 30);
        Assert.False(more.Task.IsCompleted);

        // A flow that changes nothing must not make the endpoint forget, nor give more than, what is left.
        reader.SetCredit(5, CreditMode.Manual);
        reader.SetCredit(5, CreditMode.Manual);
        await more.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_reader_that_asks_hears_with_every_event_where_the_partition_ends()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var all = await Fill(client, hub, 5);
        var reader = await client.Reader(hub, 0, metrics: true);
        reader.SetCredit(1);
        var told = (await Next(reader)).DeliveryAnnotations;
        Assert.Equal((4L, Offset(all[4])), (told[new Symbol("last_enqueued_sequence_number")], told[new Symbol("last_enqueued_offset")]));
        Assert.Equal(EnqueuedTime(all[4]), told[new Symbol("last_enqueued_time_utc")]);
    }

    [Fact]
    public async Task Large_events_pass_a_reader_that_stops_and_goes_on()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var sender = await client.Sender($"{hub}/Partitions/0");
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => sender.SendAsync(Event(new byte[500_000]), Patience)));

        var reader = await client.Reader(hub, 0);
        reader.SetCredit(100, CreditMode.Manual);
        for (var i = 0; i < 100; i++) // 50 MB: more than the endpoint holds unsettled for one reader
            Assert.Equal(i, Sequence(await Next(reader)));
    }

    private static async Task<List<Message>> Fill(HubClient client, string hub, int count)
    {
        var sender = await client.Sender($"{hub}/Partitions/0");
        for (var i = 0; i < count; i++)
            await sender.SendAsync(Event((byte)i), Patience);
        var reader = await client.Reader(hub, 0);
        reader.SetCredit(count);
        var all = await Next(reader, count);
        await reader.CloseAsync();
        return all;
    }
}
