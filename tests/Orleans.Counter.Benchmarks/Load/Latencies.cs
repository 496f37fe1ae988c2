using System.Diagnostics;
using HdrHistogram;

namespace Orleans.Counter.Benchmarks.Load;

/// <summary>Histograms of microseconds, up to a minute, three digits.</summary>
internal static class Latencies
{
    private const long MicrosecondsMax = 60_000_000;

    public static HistogramBase New() => new LongHistogram(MicrosecondsMax, 3);

    /// <summary>Records the time since a timestamp of <see cref="Stopwatch"/>.</summary>
    public static void Record(this HistogramBase histogram, long began) =>
        histogram.RecordValue(Math.Clamp((long)Stopwatch.GetElapsedTime(began).TotalMicroseconds, 0, MicrosecondsMax));

    public static LatencyFigures Figures(this HistogramBase histogram) =>
        new(Milliseconds(histogram.GetValueAtPercentile(50)), Milliseconds(histogram.GetValueAtPercentile(99)), Milliseconds(histogram.GetMaxValue()));

    private static double Milliseconds(long microseconds) => Math.Round(microseconds / 1000.0, 2);
}

/// <summary>In milliseconds.</summary>
internal sealed record LatencyFigures(double P50, double P99, double Max)
{
    public override string ToString() => $"p50 {P50} ms, p99 {P99} ms, max {Max} ms";
}
