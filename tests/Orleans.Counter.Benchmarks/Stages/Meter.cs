using System.Diagnostics;

namespace Orleans.Counter.Benchmarks.Stages;

/// <summary>What one stage costs for one unit, on one thread.</summary>
internal sealed record StageFigures(string Stage, string Per, double Nanoseconds, double BytesAllocated)
{
    public override string ToString() => $"{Stage,-12} {Nanoseconds,8:0} ns {BytesAllocated,7:0} bytes   per {Per}";
}

/// <summary>Measures a step again and again on one thread, and takes the median.</summary>
internal static class Meter
{
    private const int Rounds = 9;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    /// <param name="stage">What it is called.</param>
    /// <param name="per">What a unit is.</param>
    /// <param name="prepare">Makes what one round needs. Not measured.</param>
    /// <param name="run">The round; answers how many units it had.</param>
    public static StageFigures Measure<T>(string stage, string per, Func<T> prepare, Func<T, int> run)
    {
        // Long enough for the compiler to notice what is hot, and to compile it again with what it has learned.
        for (var (began, rounds) = (Stopwatch.GetTimestamp(), 0); rounds < 3 || Stopwatch.GetElapsedTime(began) < WarmUp; rounds++) run(prepare());
        var (times, bytes) = (new double[Rounds], new double[Rounds]);
        for (var round = 0; round < Rounds; round++)
        {
            var prepared = prepare();
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var (allocated, began) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            var units = run(prepared);
            times[round] = Stopwatch.GetElapsedTime(began).TotalNanoseconds / units;
            bytes[round] = (double)(GC.GetAllocatedBytesForCurrentThread() - allocated) / units;
        }

        return new(stage, per, Median(times), Median(bytes));
    }

    public static double Median(double[] values) => Math.Round(values.Order().ElementAt(values.Length / 2), 1);
}
