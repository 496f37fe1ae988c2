namespace Orleans.Counter.Benchmarks.Load;

/// <summary>Two rounds of the same size, then how fresh counts are.</summary>
/// <remarks>
/// In the first round every video is new: its row is asked for, and is not there. In the second one the videos are awake and the programs are compiled: that is the
/// steady state. Bodies are encoded before a round begins, so that the generator takes as little as it can from the two processors that all share.
/// </remarks>
internal sealed class IngestBenchmark(int events, int videoCount, int batch, int connections, int silos, TextWriter output)
{
    private readonly VideoId[] _videos = Workload.Videos(videoCount);

    public async Task<int> Run(CancellationToken cancellationToken)
    {
        await using var counter = await LocalCounter.Start(silos, fillHub: null, cancellationToken);
        try
        {
            await Run(counter, cancellationToken);
            return 0;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            Complain(counter);
            foreach (var line in counter.LastWords()) Say($"  {line}");
            throw new BenchmarkFailedException(failure.Message);
        }
    }

    private async Task Run(LocalCounter counter, CancellationToken cancellationToken)
    {
        var machine = Machine.Now;
        Say($"{machine}");
        await using var river = await River.Connect(counter, cancellationToken);
        using var counters = ClusterCounters.Listen(counter.SiloPids);
        using var generator = new LoadGenerator(counter.Urls, connections);
        var rounds = new Round(counter, river, counters, generator);

        var (first, expected) = await Measure("first", 1, rounds, cancellationToken);
        var (again, more) = await Measure("again", 2, rounds, cancellationToken);
        await Verify(generator, [.. expected.Zip(more, (one, other) => one + other)], cancellationToken);
        await river.VerifyCheckpoints(await river.Ends(cancellationToken), cancellationToken);
        Say($"Verified: {videoCount} counts, {Shard.Count} checkpoints.");

        var freshness = new Freshness(generator, _videos);
        var quiet = await freshness.Measure(Freshness.Quiet, round: 3, cancellationToken);
        Say($"Fresh at {quiet.EventsPerSecond} events/s: {quiet.Latency}");
        var busy = await freshness.Measure(Freshness.Busy, round: 4, cancellationToken);
        Say($"Fresh at {busy.EventsPerSecond} events/s: {busy.Latency}");

        var memory = counter.Memory();
        Say($"MiB at most: {string.Join(", ", memory.Select(one => $"{one.Key} {one.Value.Peak}"))}");
        var complaints = Complain(counter);
        Say(Machine.Line(new
        {
            benchmark = "ingest",
            machine,
            loadAverageAtEnd = Machine.Now.LoadAverage,
            events,
            videos = videoCount,
            batch,
            connections,
            silos,
            first,
            again,
            freshness = new { quiet, busy },
            memoryMebibytes = memory,
            complaints,
        }));
    }

    private IReadOnlyList<Complaint> Complain(LocalCounter counter)
    {
        var complaints = counter.Complaints();
        Say($"{(silos is 1 ? "The silo" : "The silos")} logged {complaints.Sum(complaint => complaint.Count)} warnings and errors.");
        foreach (var complaint in complaints) Say($"  {complaint}");
        return complaints;
    }

    private async Task<(RoundFigures Figures, int[] Expected)> Measure(string name, int number, Round round, CancellationToken cancellationToken)
    {
        var workload = Workload.Create(_videos, events, batch, number);
        Say($"Round '{name}': {events} events of {workload.Unique.Count(count => count > 0)} videos, {workload.Repeats} of them repeats, {workload.Bodies.Sum(body => (long)body.Length) / events} bytes each.");
        var figures = await round.Measure(workload, cancellationToken);
        Say($"  {figures.AcceptedPerSecond}/s accepted, {figures.VisiblePerSecond}/s visible, {figures.StoredPerSecond}/s stored; 202: {figures.Answer}; {figures.Refusals} times 503");
        Say($"  us of processor per event until visible: {figures.UntilVisible}");
        Say($"  us of processor per event until stored: {figures.UntilStored}");
        Say($"  {figures.Work}");
        return (figures, workload.Unique);
    }

    private async Task Verify(LoadGenerator generator, int[] expected, CancellationToken cancellationToken) => await Parallel.ForAsync(
        0, expected.Length, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken },
        async (place, token) =>
        {
            var count = await generator.Count(_videos[place], token);
            if (count != expected[place]) throw new BenchmarkFailedException($"Video {_videos[place]} counts {count}; {expected[place]} different events were sent.");
        });

    private void Say(string line) => output.WriteLine(line);
}
