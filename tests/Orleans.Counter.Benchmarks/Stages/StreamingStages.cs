using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Counter.EventHubs;
using Orleans.Counter.EventHubStreams;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;
using Orleans.Counter.Tests;

namespace Orleans.Counter.Benchmarks.Stages;

/// <summary>From frames to the entries of shards.</summary>
internal static class StreamingStages
{
    // What a partition remembers after ten minutes at 7,000 events a second: far more than the processor's caches hold.
    private const int IdsRemembered = 4_000_000;

    public static IEnumerable<StageFigures> Measure(StageData data)
    {
        var reader = new FrameReader();
        var decode = Meter.Measure("decode", "event", data.Messages, messages =>
        {
            foreach (var (_, message) in messages) Require(reader.Read(message) is null);
            return data.Events;
        });
        yield return decode;

        // A partition that no stream wants anything of still reads its frames and remembers their ids: what that takes beyond decoding is deduplication.
        var judge = Meter.Measure("judge", "event", () => (Partitions: Partitions(), Messages: data.Messages()), round =>
        {
            Read(round.Partitions, round.Messages, new Sink(wants: false));
            return data.Events;
        });
        yield return new("deduplicate", "event", judge.Nanoseconds - decode.Nanoseconds, judge.BytesAllocated - decode.BytesAllocated);

        var generations = Remembering(IdsRemembered);
        var random = new Random(1);
        yield return Meter.Measure("remember", $"id, {IdsRemembered / 1_000_000} M known", () => Enumerable.Range(0, 10_000).Select(_ => (ulong)random.NextInt64(1, long.MaxValue)).ToArray(), ids =>
        {
            foreach (var id in ids) generations.HasSeen(id);
            return ids.Length;
        });

        var fold = new MessageFold();
        yield return Meter.Measure("fold", "event", () => data.Messages().Select(Decoded).ToArray(), frames =>
        {
            foreach (var frame in frames)
                foreach (var _ in fold.Fold(frame, Position.Start, null, _ => false)) { }
            return data.Events;
        });

        yield return Meter.Measure("partition", "event", () => (Partitions: Partitions(), Messages: data.Messages()), round =>
        {
            Read(round.Partitions, round.Messages, new Sink(wants: true));
            return data.Events;
        });
    }

    public static FrameReader Decoded((int Partition, ReceivedEvent Message) one)
    {
        var reader = new FrameReader();
        Require(reader.Read(one.Message) is null);
        return reader;
    }

    private static void Read(CounterPartition[] partitions, IReadOnlyList<(int Partition, ReceivedEvent Message)> messages, Sink sink)
    {
        foreach (var (partition, message) in messages)
        {
            var reading = partitions[partition].Read(message, sink, CancellationToken.None);
            Require(reading.IsCompletedSuccessfully); // The store is in memory: nothing waits.
        }
    }

    private static CounterPartition[] Partitions()
    {
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        var instruments = new StreamingInstruments(meters, TimeProvider.System);
        var letters = new DeadLetters(new MemoryDeadLetters(), Options.Create(new AcceptanceOptions()), instruments, NullLogger<DeadLetters>.Instance);
        var log = new LogIdentity();
        log.Is(LogRow.FromBeginning("memory", DateTimeOffset.UnixEpoch, StageData.Partitions, era: 0));
        var sightings = new Sightings(new MemorySightings(), log, Options.Create(new StreamingOptions()), instruments, TimeProvider.System, NullLogger<Sightings>.Instance);
        return [.. Enumerable.Range(0, StageData.Partitions).Select(partition => new CounterPartition($"{partition}", log, new MemoryCountStore(), letters, sightings, instruments, TimeProvider.System))];
    }

    private static Generations Remembering(int count)
    {
        var (generations, random) = (new Generations(), new Random(0));
        for (var i = 0; i < count; i++) generations.HasSeen((ulong)random.NextInt64(1, long.MaxValue));
        return generations;
    }

    private static void Require(bool condition)
    {
        if (!condition) throw new BenchmarkFailedException("A stage did not do what it should.");
    }

    private sealed class Sink(bool wants) : IStreamSink
    {
        public bool Wants(int stream) => wants;

        public void Add(int stream, object item, int weight)
        {
        }
    }
}
