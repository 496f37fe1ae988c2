using Amqp;
using Xunit;
using static Orleans.Counter.Tests.Azure.Dev.HubClient;

namespace Orleans.Counter.Tests.Azure.Dev;

public sealed class EpochTests(HubFixture fixture) : IClassFixture<HubFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 1)]
    [InlineData(0, 0)]
    public async Task The_same_or_a_higher_epoch_takes_the_partition(long before, long after)
    {
        var hub = fixture.NewHub();
        await using var first = await HubClient.Open(fixture.Port);
        await using var second = await HubClient.Open(fixture.Port);
        var old = await first.Reader(hub, 0, epoch: before);
        old.SetCredit(100);
        var ended = Ended(old);

        var owner = await second.Reader(hub, 0, epoch: after);

        var why = await ended;
        Assert.Equal("amqp:link:stolen", why.Condition.ToString());
        Assert.Contains(
            $"with higher epoch of '{after}' is created hence current receiver '{old.Name}' with epoch '{before}' is getting disconnected",
            why.Description,
            StringComparison.Ordinal);
        owner.SetCredit(1);
        await (await second.Sender($"{hub}/Partitions/0")).SendAsync(Event(1), Patience);
        Assert.Equal(0, Sequence(await Next(owner)));
    }

    [Fact]
    public async Task A_lower_epoch_is_refused()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        await client.Reader(hub, 0, epoch: 7);
        await IsRefused(client.Reader(hub, 0, epoch: 6), "amqp:link:stolen", "a receiver with a higher epoch exists");
    }

    [Fact]
    public async Task Without_an_epoch_nobody_reads_beside_one_with()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var owner = await client.Reader(hub, 0, epoch: 22);
        await IsRefused(
            client.Reader(hub, 0),
            "amqp:link:stolen",
            "At least one receiver for the endpoint is created with epoch of '22', and so non-epoch receiver is not allowed.");
        await client.Reader(hub, 1);
        await client.Reader(hub, 0, group: "another");

        await owner.CloseAsync();
        await client.Reader(hub, 0);
    }

    [Fact]
    public async Task An_epoch_sends_all_others_away()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var others = new[] { await client.Reader(hub, 0), await client.Reader(hub, 0), await client.Reader(hub, 0) };
        var ended = others.Select(Ended).ToList();
        await client.Reader(hub, 0, epoch: 0);
        Assert.All(await Task.WhenAll(ended), error => Assert.Equal("amqp:link:stolen", error.Condition.ToString()));
    }

    [Fact]
    public async Task Five_read_beside_each_other_and_a_sixth_does_not()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        var readers = new List<ReceiverLink>();
        while (readers.Count < 5)
            readers.Add(await client.Reader(hub, 0, group: readers.Count % 2 == 0 ? "$Default" : "$default"));
        await IsRefused(client.Reader(hub, 0), "amqp:resource-limit-exceeded", "per partition in a consumer group which is 5");

        await readers[2].CloseAsync();
        await client.Reader(hub, 0);
    }

    [Fact]
    public async Task A_client_that_is_gone_owns_nothing()
    {
        var hub = fixture.NewHub();
        await using var client = await HubClient.Open(fixture.Port);
        for (var again = 0; again < 20; again++)
        {
            var gone = await HubClient.Open(fixture.Port);
            await gone.Reader(hub, 0, epoch: 9);
            await gone.DisposeAsync();
            await (await client.Reader(hub, 0, epoch: 1)).CloseAsync();
        }
    }

    private static async Task IsRefused(Task<ReceiverLink> attach, string condition, string text)
    {
        var refused = await Assert.ThrowsAsync<AmqpException>(() => attach);
        Assert.Equal(condition, refused.Error.Condition.ToString());
        Assert.Contains(text, refused.Error.Description, StringComparison.Ordinal);
    }
}
