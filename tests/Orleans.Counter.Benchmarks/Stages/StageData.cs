using System.Globalization;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Ingest;

namespace Orleans.Counter.Benchmarks.Stages;

/// <summary>A frame, and the partition that it goes to.</summary>
internal readonly record struct PartitionFrame(int Partition, byte[] Bytes, int Events)
{
    public string PartitionId => Partition.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The same events in each form that they take on their way: made by the code that is measured, one frame for each partition and request.</summary>
internal sealed class StageData
{
    public const int Batch = 500;
    public const int Partitions = 4; // as `counter up`
    private const int VideoCount = 100_000;

    public StageData(int events, int round)
    {
        Bodies = Workload.Create(Workload.Videos(VideoCount), events, Batch, round).Bodies;
        var (frames, builders) = (new List<PartitionFrame>(), Builders(round));
        foreach (var body in Bodies)
        {
            using var batch = Parse(body);
            Pack(batch, builders, frames);
        }

        Frames = frames;
        Events = events;
    }

    public static EventRules Rules { get; } = new(TimeSpan.FromDays(7));

    public int Events { get; }

    public IReadOnlyList<byte[]> Bodies { get; }

    public IReadOnlyList<PartitionFrame> Frames { get; }

    /// <summary>Writers that no other round has: a frame of the same writer and number would be a repeat.</summary>
    public static FrameBuilder[] Builders(int round) => [.. Enumerable.Range(1, Partitions).Select(writer => new FrameBuilder((ulong)((round * Partitions) + writer)))];

    public static EventBatch Parse(byte[] body)
    {
        var batch = new EventBatch(EventBody.Of(body));
        return EventReader.ReadEvents(batch, Rules, DateTimeOffset.UtcNow) is { } fault ? throw new BenchmarkFailedException(fault.Detail) : batch;
    }

    /// <summary>One request's events, divided over the partitions, each partition's in a frame.</summary>
    public static void Pack(EventBatch batch, FrameBuilder[] builders, List<PartitionFrame> frames)
    {
        Span<int> firsts = stackalloc int[Partitions];
        batch.Divide(firsts, Partitions);
        for (var partition = 0; partition < Partitions; partition++)
        {
            var builder = builders[partition];
            for (var i = firsts[partition]; i >= 0; i = batch[i].Next)
            {
                ref var staged = ref batch[i];
                builder.Add(batch.Video(i), batch.Type(in staged), staged.Id, staged.Time, staged.Value);
            }

            var events = builder.Count;
            if (events > 0) frames.Add(new(partition, builder.Build((ulong)frames.Count + 1), events));
        }
    }

    /// <summary>The frames as the hub would hand them out now.</summary>
    public IReadOnlyList<(int Partition, ReceivedEvent Message)> Messages()
    {
        var next = new long[Partitions];
        return [.. Frames.Select(frame => (frame.Partition, new ReceivedEvent(next[frame.Partition]++, DateTimeOffset.UtcNow, frame.Bytes, true, new Dictionary<string, object>())))];
    }
}
