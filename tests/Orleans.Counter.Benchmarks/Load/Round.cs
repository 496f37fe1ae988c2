using System.Diagnostics;

namespace Orleans.Counter.Benchmarks.Load;

/// <summary>Sends a workload, and waits until the service has counted and stored it.</summary>
internal sealed class Round(LocalCounter counter, River river, ClusterCounters counters, LoadGenerator generator)
{
    public async Task<RoundFigures> Measure(Workload workload, CancellationToken cancellationToken)
    {
        GC.Collect();
        var before = await counters.Read(cancellationToken);
        var refusals = generator.Refusals;
        var (used, own, began) = (counter.Used(), Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        var answers = await generator.Post(workload.Bodies, cancellationToken);
        var (accepted, generating) = (Stopwatch.GetElapsedTime(began), Environment.CpuUsage.TotalTime - own);

        var ends = await river.Ends(cancellationToken);
        await river.Counted(ends, cancellationToken);
        var (visible, usedVisible) = (Stopwatch.GetElapsedTime(began), counter.Used() - used);
        var atVisible = await counters.Read(cancellationToken);

        await river.Stored(ends, cancellationToken);
        var (stored, usedStored) = (Stopwatch.GetElapsedTime(began), counter.Used() - used);
        var atStored = await counters.Read(cancellationToken);

        var events = workload.Events;
        return new(
            PerSecond(events, accepted), PerSecond(events, visible), PerSecond(events, stored), answers.Figures(), generator.Refusals - refusals,
            Cost.Of(events, usedVisible, atVisible.Since(before, "dotnet.gc.heap.total_allocated")),
            Cost.Of(events, usedStored, atStored.Since(before, "dotnet.gc.heap.total_allocated")),
            Math.Round(generating.TotalMicroseconds / events, 2), Work.Between(before, atStored));
    }

    private static long PerSecond(int events, TimeSpan time) => (long)(events / time.TotalSeconds);
}

/// <summary>What a round took.</summary>
/// <param name="AcceptedPerSecond">Events, until the last 202.</param>
/// <param name="VisiblePerSecond">Events, until all are in counts.</param>
/// <param name="StoredPerSecond">Events, until all are in the table and every shard's checkpoint says so; a checkpoint is due every 12 seconds.</param>
/// <param name="Answer">How long a 202 took, with the requests that it took to get it.</param>
/// <param name="Refusals">Requests that were answered 503, and were sent again.</param>
/// <param name="UntilVisible">From the first request until all events were visible.</param>
/// <param name="UntilStored">The same, until all were stored: until visible, and the checkpoints after it.</param>
/// <param name="GeneratorCpu">Microseconds per event that the generator itself took.</param>
/// <param name="Work">How much of what was done.</param>
internal sealed record RoundFigures(
    long AcceptedPerSecond, long VisiblePerSecond, long StoredPerSecond, LatencyFigures Answer, int Refusals, Cost UntilVisible, Cost UntilStored, double GeneratorCpu, Work Work);

/// <summary>Per event: microseconds of processor time of each process, and bytes that the silo allocated.</summary>
internal sealed record Cost(double Silo, double DevHub, double Azurite, long SiloBytesAllocated)
{
    public static Cost Of(int events, Usage used, double bytes) => new(
        Math.Round(used.Silo.TotalMicroseconds / events, 2), Math.Round(used.DevHub.TotalMicroseconds / events, 2), Math.Round(used.Azurite.TotalMicroseconds / events, 2),
        (long)(bytes / events));

    public override string ToString() => $"silo {Silo} ({SiloBytesAllocated} bytes allocated), devhub {DevHub}, azurite {Azurite}";
}

/// <summary>What the silos' own meters say that they did.</summary>
internal sealed record Work(
    long Frames, long FramesSentAgain, long Deliveries, long VideoCalls, long RowsRead, long Checkpoints, long RowsWritten, long Transactions, long WentBack, double PauseSeconds,
    long Collections)
{
    public static Work Between(CounterReading before, CounterReading after)
    {
        return new(
            Of("counter.ingest.frames.accepted"), Of("counter.ingest.frames.resent"), Of("counter.counting.deliveries"), Of("counter.counting.calls"),
            Of("counter.counting.loaded"), Of("counter.counting.checkpoints"), Of("counter.storage.videos"), Of("counter.storage.transactions"),
            Of("counter.counting.went_back"), Math.Round(after.Since(before, "dotnet.gc.pause.time"), 2), Of("dotnet.gc.collections"));

        long Of(string instrument) => (long)after.Since(before, instrument);
    }
}
