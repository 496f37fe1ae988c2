using Orleans.Counter.Ingest;

namespace Orleans.Counter.Benchmarks.Stages;

/// <summary>From the body of a request to frames.</summary>
internal static class IngestStages
{
    public static IEnumerable<StageFigures> Measure(StageData data)
    {
        yield return Meter.Measure("parse", "event", () => data.Bodies, bodies =>
        {
            foreach (var body in bodies) StageData.Parse(body).Dispose();
            return data.Events;
        });

        EventBatch[] parsed = [.. data.Bodies.Select(StageData.Parse)];
        var builders = StageData.Builders(round: 0);
        yield return Meter.Measure("frame", "event", () => new List<PartitionFrame>(data.Frames.Count), frames =>
        {
            foreach (var batch in parsed) StageData.Pack(batch, builders, frames);
            return data.Events;
        });
        foreach (var batch in parsed) batch.Dispose();
    }
}
