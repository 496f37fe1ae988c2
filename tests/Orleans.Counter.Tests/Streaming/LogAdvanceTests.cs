using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;
using Orleans.Counter.Tests.Storage;
using Orleans.Messaging;
using Xunit;

namespace Orleans.Counter.Tests.Streaming;

/// <summary>From one log to the next: what is counted stays counted, and what is not is not given up in silence.</summary>
public sealed class LogAdvanceTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly MemoryCountStore _store = new();
    private readonly TcpListener _silo = new(IPAddress.Loopback, 0);

    private static readonly DateTimeOffset Advanced = Now.AddDays(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _silo.Dispose();

    [Fact]
    public async Task A_hub_that_was_made_anew_is_counted_from_its_beginning()
    {
        var old = await Counted(Hub(partitions: 2, messages: 3, Now), through: 2);
        var anew = Hub(partitions: 4, messages: 5, Now.AddDays(1));

        var said = await Advance(anew);

        Assert.Contains("is counted up to these messages, of partition 0: 2, 1: 2.", said, StringComparison.Ordinal);
        Assert.Contains("cannot be asked of this hub", said, StringComparison.Ordinal);
        Assert.Equivalent(LogRow.FromBeginning("memory", Now.AddDays(1), 4, era: 1) with { AdvancedAt = Advanced }, await _store.ReadLog(Token));
        await Check(anew);
        Assert.Contains("counter log advance", (await Assert.ThrowsAsync<LogMismatchException>(() => Check(old))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_got_more_partitions_goes_on_where_it_was_counted()
    {
        await Counted(Hub(partitions: 2, messages: 3, Now), through: 2);
        var grown = Hub(partitions: 4, messages: 3, Now);

        Assert.Contains("That was all of it.", await Advance(grown), StringComparison.Ordinal);

        Assert.Equal([2, 2, -1, -1], (await _store.ReadLog(Token))!.Starts);
        await Check(grown);
    }

    [Fact]
    public async Task What_was_not_counted_is_given_up_only_on_demand()
    {
        await Counted(Hub(partitions: 2, messages: 5, Now), through: 2);
        var grown = Hub(partitions: 4, messages: 5, Now);

        var refusal = await Assert.ThrowsAsync<LogAdvanceException>(() => Advance(grown));
        Assert.Equal(0, (await _store.ReadLog(Token))!.Era);
        var said = await Advance(grown, acceptLoss: true);

        Assert.Contains("partition 0 from message 3 to 4; partition 1 from message 3 to 4", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Given up: partition 0 from message 3 to 4", said, StringComparison.Ordinal);
        Assert.Equal([4, 4, -1, -1], (await _store.ReadLog(Token))!.Starts);
    }

    [Fact]
    public async Task A_hub_that_lost_its_end_is_counted_from_its_end_on()
    {
        await Counted(Hub(partitions: 2, messages: 5, Now), through: 4);
        var shorter = Hub(partitions: 2, messages: 3, Now);
        await Assert.ThrowsAsync<LogMismatchException>(() => Check(shorter));

        await Advance(shorter);

        Assert.Equal([2, 2], (await _store.ReadLog(Token))!.Starts);
        await Check(shorter);
    }

    [Fact]
    public async Task While_a_silo_answers_nothing_is_changed()
    {
        await Counted(Hub(partitions: 2, messages: 3, Now), through: 2);
        _silo.Start();

        var refusal = await Assert.ThrowsAsync<LogAdvanceException>(() => Advance(Hub(partitions: 2, messages: 0, Now.AddDays(1))));

        Assert.Contains("stop all silos", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, (await _store.ReadLog(Token))!.Era);
    }

    [Fact]
    public async Task Where_nothing_has_changed_or_nothing_was_counted_there_is_nothing_to_do()
    {
        var hub = Hub(partitions: 2, messages: 3, Now);
        Assert.Contains("Nothing has been counted yet", await Advance(hub), StringComparison.Ordinal);
        await Counted(hub, through: 2);
        Assert.Contains("already (era 0)", await Advance(hub), StringComparison.Ordinal);
    }

    private static MemoryHub Hub(int partitions, int messages, DateTimeOffset createdAt)
    {
        var hub = new MemoryHub(partitions, new FakeTimeProvider(createdAt));
        foreach (var partition in hub.PartitionIds)
            for (var i = 0; i < messages; i++) hub.Append(partition, new("x"u8.ToArray()));
        return hub;
    }

    private async Task<MemoryHub> Counted(MemoryHub hub, long through)
    {
        await Check(hub);
        foreach (var shard in Shard.All) await _store.WriteShard(shard, new(Position.Of(0, through), Now, shard.Partition(2), default), null, Token);
        return hub;
    }

    private Task Check(IEventHub hub) => CheckOf(hub).Check(Token);

    private LogCheck CheckOf(IEventHub hub) => new(hub, _store, new LogIdentity(), TimeProvider.System, NullLogger<LogCheck>.Instance);

    private Task<string> Advance(IEventHub hub, bool acceptLoss = false) => new LogAdvance(hub, _store, CheckOf(hub), new OneSilo(_silo), new FakeTimeProvider(Advanced)).Run(acceptLoss, Token);

    /// <summary>A silo that the membership says is alive; whether it answers is another question.</summary>
    private sealed class OneSilo(TcpListener silo) : IGatewayListProvider
    {
        // Before it listens, nobody does there: port 1 is nobody's.
        private int Port => silo.Server.IsBound ? ((IPEndPoint)silo.LocalEndpoint).Port : 1;

        public TimeSpan MaxStaleness => TimeSpan.Zero;

        public bool IsUpdatable => false;

        public Task InitializeGatewayListProvider() => Task.CompletedTask;

        public Task<IList<Uri>> GetGateways() => Task.FromResult<IList<Uri>>([new($"gwy.tcp://127.0.0.1:{Port}/1")]);
    }
}
