using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.Azure.EventHubs;

public sealed class RefusalTests(HubUnderTest hub) : IClassFixture<HubUnderTest>
{
    private readonly AmqpEventHub _client = hub.Open();

    [Fact]
    public async Task A_robbed_reader_ends_at_once_and_for_good()
    {
        await _client.SendAll("0", 0, 10);
        await using var old = _client.OpenReader("0", EventPosition.Earliest, ownerLevel: 5);
        await old.Read(1); // the other nine are on this side already, or on the way

        await using var robber = hub.Open().OpenReader("0", EventPosition.Earliest, ownerLevel: 6);
        Assert.Equal(10, (await robber.Read(10)).Count);

        // It may hand out what it took before the news came, never block, and never come back.
        var failure = await Assert.ThrowsAsync<EventHubsException>(async () =>
        {
            while (true) await old.Receive(1, Events.Token);
        });
        Assert.Equal(EventHubsFailure.ConsumerDisconnected, failure.Failure);
        Assert.Equal(EventHubsFailure.ConsumerDisconnected, (await Refused(old)).Failure);
        await _client.SendAll("0", 10, 1);
        Assert.Equal("10", (await robber.Read(1))[0].Text());
    }

    [Theory]
    [InlineData(4L)]
    [InlineData(null)]
    public async Task A_reader_of_lower_level_or_none_is_refused(long? ownerLevel)
    {
        await _client.SendAll("1", 0, 1);
        await using var owner = _client.OpenReader("1", EventPosition.Earliest, ownerLevel: 5);
        await owner.Read(1);

        await using var other = hub.Open().OpenReader("1", EventPosition.Earliest, ownerLevel);

        Assert.Equal(EventHubsFailure.ConsumerDisconnected, (await Refused(other)).Failure);
    }

    [Fact]
    public async Task A_closed_reader_frees_its_level()
    {
        await _client.SendAll("2", 0, 1);
        await using (var owner = _client.OpenReader("2", EventPosition.Earliest, ownerLevel: 5)) await owner.Read(1);

        await using var next = _client.OpenReader("2", EventPosition.Earliest, ownerLevel: null);

        Assert.Single(await next.Read(1));
    }

    [Fact]
    public async Task A_position_past_the_end_is_said_to_be_one()
    {
        await _client.SendAll("3", 0, 3);
        await using var reader = _client.OpenReader("3", EventPosition.After(71181), ownerLevel: null);

        Assert.Equal(EventHubsFailure.InvalidPosition, (await Refused(reader)).Failure);
    }

    [Fact]
    public async Task What_does_not_exist_is_not_found()
    {
        var elsewhere = hub.Open(hub.Options("nowhere"));
        await using var noHub = elsewhere.OpenReader("0", EventPosition.Earliest, ownerLevel: null);
        await using var noPartition = _client.OpenReader("99", EventPosition.Earliest, ownerLevel: null);

        Assert.Equal(EventHubsFailure.ResourceNotFound, (await Refused(noHub)).Failure);
        Assert.Equal(EventHubsFailure.ResourceNotFound, (await Refused(noPartition)).Failure);
        Assert.Equal(EventHubsFailure.ResourceNotFound, (await Fails(() => elsewhere.GetProperties(Events.Token))).Failure);
        Assert.Equal(EventHubsFailure.ResourceNotFound, (await Fails(() => elsewhere.Send("0", Events.Text("x"), Events.Token))).Failure);
        Assert.Equal(EventHubsFailure.ResourceNotFound, (await Fails(() => _client.Send("99", Events.Text("x"), Events.Token))).Failure);
        Assert.Equal(EventHubsFailure.ResourceNotFound, (await Fails(() => _client.GetPartitionProperties("99", Events.Token))).Failure);
    }

    [Fact]
    public async Task A_wrong_key_is_unauthorized()
    {
        var client = hub.Open(EventHubConnectionOptions.FromConnectionString(
            $"{hub.ConnectionString.Replace("SharedAccessKey=", "SharedAccessKey=x", StringComparison.Ordinal)}", HubUnderTest.Name));
        await using var reader = client.OpenReader("0", EventPosition.Earliest, ownerLevel: null);

        Assert.Equal(EventHubsFailure.Unauthorized, (await Refused(reader)).Failure);
        Assert.Equal(EventHubsFailure.Unauthorized, (await Fails(() => client.GetProperties(Events.Token))).Failure);
        Assert.Equal(EventHubsFailure.Unauthorized, (await Fails(() => client.Send("0", Events.Text("x"), Events.Token))).Failure);
    }

    [Fact]
    public async Task A_reader_is_for_one_caller_at_a_time()
    {
        await using var reader = _client.OpenReader("4", EventPosition.Earliest, ownerLevel: null);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Events.Token);
        var first = reader.Receive(1, stop.Token).AsTask();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await reader.Receive(1, Events.Token));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        await _client.SendAll("4", 0, 1); // giving up waiting loses nothing
        Assert.Equal("0", (await reader.Read(1))[0].Text());
    }

    [Fact]
    public async Task A_closed_client_says_so()
    {
        var client = hub.Open();
        var reader = client.OpenReader("5", EventPosition.Earliest, ownerLevel: null);
        var waiting = reader.Receive(1, Events.Token).AsTask();
        await client.Send("6", Events.Text("x"), Events.Token);

        await client.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await reader.Receive(1, Events.Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.Send("5", Events.Text("x"), Events.Token));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetProperties(Events.Token));
    }

    private static Task<EventHubsException> Refused(IPartitionReader reader) => Fails(async () => await reader.Receive(1, Events.Token));

    private static Task<EventHubsException> Fails(Func<Task> call) => Assert.ThrowsAsync<EventHubsException>(call);
}
