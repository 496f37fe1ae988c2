using System.Diagnostics;
using System.Text;

namespace Orleans.Counter.Benchmarks.Load;

/// <summary>How long after its 202 an event is in <c>count</c>, while others are sent.</summary>
internal sealed class Freshness(LoadGenerator generator, VideoId[] videos)
{
    private const int Probes = 100;
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan VisibleWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LoadMax = TimeSpan.FromMinutes(2);

    /// <summary>People, one at a time.</summary>
    public static Pace Quiet { get; } = new(200, 1);

    /// <summary>Part of what two processors can count.</summary>
    public static Pace Busy { get; } = new(10, 500);

    public async Task<FreshnessFigures> Measure(Pace pace, int round, CancellationToken cancellationToken)
    {
        var bodies = Workload.Create(videos, (int)(pace.EventsPerSecond * LoadMax.TotalSeconds), pace.Batch, round).Bodies;
        using var enough = new CancellationTokenSource();
        var load = generator.PostPaced(bodies, TimeSpan.FromSeconds(1) / pace.RequestsPerSecond, enough.Token, cancellationToken);
        var latencies = Latencies.New();
        using var ticks = new PeriodicTimer(ProbeEvery);
        try
        {
            for (var probe = 0; probe < Probes && !load.IsFaulted; probe++)
            {
                await ticks.WaitForNextTickAsync(cancellationToken);
                latencies.Record(await Probe(VideoId.Parse($"probe-{round}-{probe}"), cancellationToken));
            }
        }
        finally
        {
            await enough.CancelAsync();
            await load;
        }

        return new(pace.EventsPerSecond, Probes, latencies.Figures());
    }

    // Asking first wakes the video up, as anyone does who looks at it.
    private async Task<long> Probe(VideoId video, CancellationToken cancellationToken)
    {
        await generator.Count(video, cancellationToken);
        await generator.PostOne(Encoding.ASCII.GetBytes($$"""{"events":[{"videoId":"{{video}}","id":"1"}]}"""), cancellationToken);
        var accepted = Stopwatch.GetTimestamp();
        while (await generator.Count(video, cancellationToken) == 0)
            if (Stopwatch.GetElapsedTime(accepted) > VisibleWithin) throw new BenchmarkFailedException($"An event is not visible {VisibleWithin} after its 202.");
        return accepted;
    }
}

/// <summary>How others send meanwhile.</summary>
internal sealed record Pace(int RequestsPerSecond, int Batch)
{
    public int EventsPerSecond => RequestsPerSecond * Batch;
}

/// <summary>How fresh counts were at a load.</summary>
internal sealed record FreshnessFigures(int EventsPerSecond, int Probes, LatencyFigures Latency);
