using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.Azure.EventHubs;

public sealed class OutageTests(HubUnderTest hub) : IClassFixture<HubUnderTest>
{
    // Long enough for a busy machine to connect in, short enough to wait for.
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_reader_goes_on_where_it_was_when_the_service_was_away()
    {
        var client = hub.Open();
        await client.SendAll("0", 0, 100);
        await using var reader = client.OpenReader("0", EventPosition.Earliest, ownerLevel: 1);
        var before = await reader.Read(60); // 40 more are on this side, and may be handed out while the service is away

        await hub.Stop();
        var failure = await Assert.ThrowsAsync<EventHubsException>(() => client.Send("0", Events.Text("lost"), Events.Token));
        Assert.True(failure.Failure is EventHubsFailure.Communication or EventHubsFailure.ServiceTimeout, failure.Message);
        var whileAway = reader.Read(40 + 50);
        await hub.Start();
        await client.SendAll("0", 100, 50);
        var after = await whileAway;

        Assert.Equal(Enumerable.Range(0, 150).Select(i => (long)i), before.Concat(after).Select(e => e.SequenceNumber));
        Assert.Equal(Enumerable.Range(0, 150).Select(i => $"{i}"), before.Concat(after).Select(e => e.Text()));
    }

    [Fact]
    public async Task Sends_in_flight_when_the_service_stops_end_and_no_accepted_one_is_lost()
    {
        var client = hub.Open();
        await client.SendAll("1", 0, 1);
        var sends = Enumerable.Range(1, 3000).Select(i => Outcome(client, $"{i}")).ToArray();
        await sends[0];

        await hub.Stop();
        var outcomes = await Task.WhenAll(sends);
        await hub.Start();
        await client.Send("1", Events.Text("last"), Events.Token);

        await using var reader = client.OpenReader("1", EventPosition.Earliest, ownerLevel: null);
        var read = new HashSet<string>();
        while (!read.Contains("last")) read.UnionWith((await reader.Receive(1000, Events.Token)).Select(e => e.Text()));
        Assert.DoesNotContain(outcomes, o => o.Failure is null && !read.Contains(o.Text));
        Assert.DoesNotContain(outcomes, o => o.Failure is EventHubsFailure.ServiceBusy && read.Contains(o.Text)); // the service said no
        Assert.DoesNotContain(outcomes, o => o.Failure is not (null or EventHubsFailure.ServiceBusy or EventHubsFailure.Communication or EventHubsFailure.ServiceTimeout));
    }

    [Fact]
    public async Task A_reader_that_waits_for_the_latest_misses_nothing_that_comes_while_it_is_away()
    {
        var client = hub.Open();
        await client.SendAll("2", 0, 5);
        await using var proxy = new FreezableProxy(hub.Options().Endpoint.Port!.Value);
        var log = new LogWatch();
        await using var reader = hub.Open(Through(proxy), log).OpenReader("2", EventPosition.Latest, ownerLevel: 1);
        var waiting = reader.Read(3);
        await log.Says(20); // attached

        proxy.Freeze();
        await client.SendAll("2", 5, 3);

        Assert.Equal(["5", "6", "7"], (await waiting).Select(e => e.Text()));
    }

    [Fact]
    public async Task A_service_that_takes_connections_and_says_nothing_is_a_timeout()
    {
        await using var proxy = new FreezableProxy(hub.Options().Endpoint.Port!.Value);
        proxy.Freeze(futureToo: true);
        var client = hub.Open(Through(proxy));

        Assert.Equal(EventHubsFailure.ServiceTimeout, (await Assert.ThrowsAsync<EventHubsException>(() => client.Send("3", Events.Text("x"), Events.Token))).Failure);
        Assert.Equal(EventHubsFailure.ServiceTimeout, (await Assert.ThrowsAsync<EventHubsException>(() => client.GetProperties(Events.Token))).Failure);

        proxy.Thaw();
        await client.Send("3", Events.Text("x"), Events.Token);
    }

    [Fact]
    public async Task A_connection_that_went_silent_is_replaced_after_one_timeout()
    {
        await using var proxy = new FreezableProxy(hub.Options().Endpoint.Port!.Value);
        var client = hub.Open(Through(proxy) with { SilenceMax = TimeSpan.FromMinutes(5) });
        await client.SendAll("4", 0, 3);

        proxy.Freeze();
        var failures = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Assert.ThrowsAsync<EventHubsException>(() => client.Send("4", Events.Text("?"), Events.Token))));
        await client.Send("4", Events.Text("end"), Events.Token);

        Assert.All(failures, f => Assert.True(f.Failure is EventHubsFailure.ServiceTimeout or EventHubsFailure.Communication, f.Message));
        Assert.Equal(2, proxy.Accepted);
    }

    [Fact]
    public async Task A_reader_notices_by_itself_that_the_service_is_gone()
    {
        await using var proxy = new FreezableProxy(hub.Options().Endpoint.Port!.Value);
        var client = hub.Open();
        await client.SendAll("5", 0, 3);
        await using var reader = hub.Open(Through(proxy)).OpenReader("5", EventPosition.Earliest, ownerLevel: 1);
        await reader.Read(3);

        proxy.Freeze();
        await client.SendAll("5", 3, 3);

        Assert.Equal([3L, 4L, 5L], (await reader.Read(3)).Select(e => e.SequenceNumber));
        Assert.Equal(2, proxy.Accepted);
    }

    private static async Task<(string Text, EventHubsFailure? Failure)> Outcome(AmqpEventHub client, string text)
    {
        try
        {
            await client.Send("1", Events.Text(text), Events.Token);
            return (text, null);
        }
        catch (EventHubsException failure)
        {
            return (text, failure.Failure);
        }
    }

    private EventHubConnectionOptions Through(FreezableProxy proxy) => EventHubConnectionOptions.FromConnectionString(
        hub.ConnectionString.Replace($"localhost:{hub.Options().Endpoint.Port}", $"127.0.0.1:{proxy.Port}", StringComparison.Ordinal), HubUnderTest.Name)
        with
    { OperationTimeout = Short, SilenceMax = Short / 5 };
}
