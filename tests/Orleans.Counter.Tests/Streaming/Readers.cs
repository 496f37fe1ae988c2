using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Counter.EventHubs;
using Orleans.Counter.EventHubStreams;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;
using Orleans.Counter.Tests.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Streaming;

/// <summary>One partition's log, and the readers that come and go. They share nothing but the log and the store of sightings.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A hub in memory holds nothing.")]
internal sealed class Readers
{
    private const int Partitions = 64;

    private static readonly IMeterFactory Meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
    private static readonly Shard[] Shards = [.. Shard.All.Where(shard => shard.Partition(Partitions) == 0)];
    private static readonly VideoId[] Videos = [.. Shards.Select(shard => Enumerable.Range(0, int.MaxValue).Select(number => VideoId.Parse($"v{number}")).First(video => Shard.Of(video) == shard))];

    private readonly SetTime _hubTime = new() { Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero) };
    private readonly List<EventData> _frames = [];
    private readonly MemoryHub _hub;

    public Readers()
    {
        _hub = new(1, _hubTime);
        HubCreatedAt = _hubTime.Now;
    }

    public DateTimeOffset HubCreatedAt { get; }

    public MemorySightings Sightings { get; init; } = new();

    public MemoryDeadLetters Letters { get; } = new();

    public IReadOnlyList<ReceivedEvent> Log => _hub.Log("0");

    /// <summary>Puts a frame into the log, so many seconds after the one before it.</summary>
    public void Frame(int seconds, params IReadOnlyList<int> ids)
    {
        _hubTime.Now = _hubTime.Now.AddSeconds(seconds);
        _frames.Add(Events.Frame([.. ids.Select(id => new Event(Videos[id % Videos.Length], _hubTime.Now, Id: id.ToString(CultureInfo.InvariantCulture)))]).Data());
        _hub.Append("0", _frames[^1]);
    }

    /// <summary>Puts a frame into the log that is there already.</summary>
    public void FrameAgain(int seconds, int which)
    {
        _hubTime.Now = _hubTime.Now.AddSeconds(seconds);
        _hub.Append("0", _frames[which % _frames.Count]);
    }

    public void Poison(int seconds)
    {
        _hubTime.Now = _hubTime.Now.AddSeconds(seconds);
        _hub.Append("0", new("no frame"u8.ToArray()));
    }

    /// <summary>A reader that takes over when everything up to a place was stored, and dies after so many messages of the log.</summary>
    /// <param name="stored">What the shard that is furthest behind has stored; -1 for nothing.</param>
    /// <param name="until">The first message that it does not read.</param>
    /// <param name="pace">How long it takes from one message to the next, by its own clock.</param>
    /// <param name="leaves">It does not die, but leaves in peace.</param>
    /// <param name="sightings">Instead of the store that all share.</param>
    /// <param name="isAskedForAll">In the end a shard that is out of date asks for everything again.</param>
    public async Task<Reader> Read(long stored, int until, Func<TimeSpan> pace, bool leaves = false, ISightingStore? sightings = null, bool isAskedForAll = false)
    {
        var (reader, clock, identity) = (new Reader(), new SetTime { Now = _hubTime.Now }, new LogIdentity());
        identity.Is(LogRow.FromBeginning("memory", HubCreatedAt, Partitions, era: 0));
        var instruments = new StreamingInstruments(Meters, clock);
        var letters = new DeadLetters(Letters, Options.Create(new AcceptanceOptions()), instruments, NullLogger<DeadLetters>.Instance);
        var shared = new Sightings(sightings ?? Sightings, identity, Options.Create(new StreamingOptions { SightingsWaitingBytesMax = 1 << 16 }), instruments, clock, reader);
        var partition = new CounterPartition("0", identity, await Stored(stored), letters, shared, instruments, clock);

        var start = await partition.Start(TestContext.Current.CancellationToken);
        await using var connection = _hub.OpenReader("0", start.ReadFrom, ownerLevel: null);
        while (reader.Last < until - 1)
        {
            foreach (var message in await connection.Receive(1, TestContext.Current.CancellationToken))
            {
                reader.Begin(message.SequenceNumber, start.After);
                await partition.Read(message, reader, TestContext.Current.CancellationToken);
                clock.Now += pace();
            }
        }

        if (isAskedForAll)
        {
            foreach (var message in Log.Where(message => message.SequenceNumber >= reader.First).ToArray())
            {
                reader.Begin(message.SequenceNumber, [.. start.After.Select(_ => -1L)]);
                await partition.Read(message, reader, TestContext.Current.CancellationToken);
            }
        }

        if (leaves) await partition.Leave(TestContext.Current.CancellationToken);
        return reader;
    }

    /// <summary>What a reader decides that has read the log from its beginning.</summary>
    public Task<Reader> ReadAll() => Read(-1, Log.Count, () => TimeSpan.Zero, sightings: new MemorySightings());

    private async Task<MemoryCountStore> Stored(long sequenceNumber)
    {
        var store = new MemoryCountStore();
        if (sequenceNumber < 0) return store;
        for (var i = 0; i < Shards.Length; i++)
        {
            // The shards do not store at the same time: each one is two messages further than the one before.
            var at = (int)Math.Min(sequenceNumber + (2 * i), Log.Count - 1);
            await store.WriteShard(Shards[i], new(Position.Of(0, at), Log[at].EnqueuedTime, 0, default), null, CancellationToken.None);
        }

        return store;
    }

    private sealed class SetTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}

/// <summary>What one reader read, decided and said.</summary>
internal sealed class Reader : IStreamSink, ILogger<Sightings>
{
    private IReadOnlyList<long> _after = [];

    /// <summary>The first message that it read; -1 if none.</summary>
    public long First { get; private set; } = -1;

    public long Last { get; private set; } = -1;

    /// <summary>What each shard got of each message, repeats included.</summary>
    public Dictionary<(long Message, int Stream), string> Given { get; } = [];

    public List<string> Said { get; } = [];

    public void Begin(long sequenceNumber, IReadOnlyList<long> after)
    {
        if (First < 0) First = sequenceNumber;
        (Last, _after) = (sequenceNumber, after);
    }

    public bool Wants(int stream) => Last > _after[stream];

    public void Add(int stream, object item, int weight)
    {
        var said = item is VideoEntries(var video, var entries) ? $"{video}: {string.Join(" ", entries)}; " : $"{item}; ";
        Given[(Last, stream)] = Given.GetValueOrDefault((Last, stream)) + said;
    }

    /// <summary>Fails unless every shard that is not beyond it already was given the same by both.</summary>
    public void DecidedAs(Reader other)
    {
        var wanted = other.Given.Where(one => one.Key.Message > _after[one.Key.Stream] && one.Key.Message <= Last);
        Assert.Equal(wanted.OrderBy(one => one.Key), Given.OrderBy(one => one.Key));
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Said.Add(formatter(state, exception));
}
