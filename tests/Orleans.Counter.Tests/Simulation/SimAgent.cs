using System.Globalization;
using Orleans.Configuration;
using Orleans.Counter.EventHubStreams;
using Orleans.Streams;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>Reads a partition and delivers to its shards as Orleans' pulling agent does: a cursor a stream, moved to where the consumer says.</summary>
/// <remarks>A delivery is tried again until it is taken; in some worlds an agent gives up now and then, as Orleans' does where its patience is bounded.</remarks>
internal sealed class SimAgent
{
    private readonly SimCluster _cluster;
    private readonly EventHubQueueCache _cache = new();
    private readonly EventHubReceiver _receiver;
    private readonly Dictionary<StreamId, Consumer> _consumers = [];
    private readonly ShortBackoff _backoff = new();
    private bool _isOver;

    public SimAgent(SimCluster cluster, SimSilo silo, SimHub hub, int partition, double streamShare)
    {
        (_cluster, Silo, Partition) = (cluster, silo, partition);
        Turns = new(cluster.World);
        var reading = new EventHubReceiverOptions
        {
            PrefetchCount = 8,
            Linger = TimeSpan.FromSeconds(1),
            Gather = TimeSpan.FromSeconds(2),
            Beat = TimeSpan.FromMinutes(4),
            RetryAfter = TimeSpan.FromSeconds(10),
        };
        _receiver = new(
            partition.ToString(CultureInfo.InvariantCulture), hub, () => silo.CurrentSnapshot.Version.Value, silo, _cache, reading,
            new EventHubStreamCacheOptions { BytesMax = 1 << 20, StreamShare = streamShare, ItemsPerDelivery = 5 }, cluster.World, cluster.World);
        silo.Agents.Add(this);
        Turns.Run(Pump);
    }

    public SimSilo Silo { get; }

    public int Partition { get; }

    public Turns Turns { get; }

    /// <summary>True after a range was not delivered. Nothing is lost, but a shard may be stuck then until somebody else reads the partition.</summary>
    public bool HasGivenUp { get; private set; }

    /// <summary>Leaves in peace. What is on its way goes on.</summary>
    public void Leave()
    {
        _isOver = true;
        Turns.Run(() => _receiver.Shutdown(TimeSpan.FromMinutes(1)));
    }

    private async Task Pump()
    {
        while (!_isOver)
        {
            var ranges = _consumers.Values.Any(consumer => consumer.IsRegistering) ? [] : await _receiver.GetQueueMessagesAsync(int.MaxValue);
            if (ranges.Count == 0)
            {
                await _cluster.World.Pause(TimeSpan.FromSeconds(1));
                continue;
            }

            _cache.AddToCache(ranges);
            foreach (var stream in ranges.GroupBy(range => range.StreamId))
            {
                if (!_consumers.TryGetValue(stream.Key, out var consumer))
                {
                    _consumers[stream.Key] = consumer = new(stream.Key);
                    _ = Register(consumer, stream.First().SequenceToken);
                }
                else if (!consumer.IsRegistering) _ = Deliver(consumer);
            }
        }
    }

    private async Task Register(Consumer consumer, StreamSequenceToken first)
    {
        consumer.IsRegistering = true;
        using var pin = _cache.GetCacheCursor(consumer.Stream, first);
        var wanted = await Try(() => Ask(consumer, subscription => Task.FromResult(subscription.Expected)));
        (consumer.Known, consumer.IsRegistering) = (wanted, false);
        if (wanted is null) consumer.Cursor = _cache.GetCacheCursor(consumer.Stream, first);
        else Move(consumer, wanted);
        _ = Deliver(consumer);
    }

    private async Task Deliver(Consumer consumer)
    {
        if (consumer.IsActive) return;
        consumer.IsActive = true;
        while (!_isOver && consumer.Next() is { } range)
        {
            var known = consumer.Known;
            Handshake? wanted;
            try
            {
                wanted = await Try(() => Ask(consumer, subscription => subscription.Deliver(range, known)), _cluster.Faults.GivesUp);
            }
            catch (Exception) when (!_isOver)
            {
                HasGivenUp = true; // The consumer never hears of the range, and is given the next one as if it had.
                continue;
            }

            consumer.Known = new(IsStart: false, range.SequenceToken);
            if (wanted is null) continue;
            consumer.Known = wanted;
            Move(consumer, wanted);
        }

        consumer.IsActive = false;
    }

    private void Move(Consumer consumer, Handshake wanted)
    {
        var cursor = _cache.GetCacheCursor(consumer.Stream, wanted.Token);
        IBatchContainer? pending = null;
        while (cursor.MoveNextWithResult().Kind == QueueCacheCursorMoveResultKind.Success)
        {
            pending = cursor.GetCurrent(out _);
            if (pending!.SequenceToken.CompareTo(wanted.Token) >= 0) break;
            pending = null;
        }

        consumer.Cursor?.Dispose();
        consumer.Cursor = cursor;
        consumer.Pending = pending is not null && pending.SequenceToken.CompareTo(wanted.Token) > 0 ? pending : null;
    }

    private Task<Handshake?> Ask(Consumer consumer, Func<SimSubscription, Task<Handshake?>> question) => _cluster.Call(
        GrainId.Create(SimCluster.ShardType, consumer.Stream.GetKeyAsString()), Silo.Activations.FirstOrDefault(), interleaves: false,
        activation => question(activation.Subscription));

    private async Task<Handshake?> Try(Func<Task<Handshake?>> call, double givesUp = 0)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception exception) when (!_isOver && !_cluster.World.Chance(givesUp))
            {
                _cluster.World.Say(() => $"partition {Partition} on {Silo.Name}: {exception.Message}");
                await _cluster.World.Pause(_backoff.Next(attempt));
            }
        }
    }

    private sealed class Consumer(StreamId stream)
    {
        public StreamId Stream => stream;

        public bool IsRegistering { get; set; }

        public bool IsActive { get; set; }

        public IQueueCacheCursor? Cursor { get; set; }

        public IBatchContainer? Pending { get; set; }

        public Handshake? Known { get; set; }

        public EventHubRange? Next()
        {
            var pending = Pending;
            Pending = null;
            if (pending is not null) return (EventHubRange)pending;
            return Cursor!.MoveNextWithResult().Kind == QueueCacheCursorMoveResultKind.Success ? (EventHubRange?)Cursor.GetCurrent(out _) : null;
        }
    }
}

/// <summary>What an agent and a consumer tell each other: the last range that was taken, or where the consumer wants to begin.</summary>
internal sealed record Handshake(bool IsStart, StreamSequenceToken Token);
