using System.Collections.Concurrent;
using System.Diagnostics;
using Orleans.Counter.Benchmarks.Load;

namespace Orleans.Counter.Benchmarks.Recovery;

/// <summary>Three silos, of which one dies, comes back, leaves and comes back, while events go to the two others.</summary>
/// <remarks>
/// Each measure begins in calm: everything is counted, and for longer than a checkpoint and the notes of a reader take. It ends in calm, too: a silo that joins gets its
/// shards at their next checkpoint, and not at once. Then every count is checked.
/// </remarks>
internal sealed class RecoverBenchmark(RecoverSettings settings, TextWriter output)
{
    private const int Silos = 3;
    private const int Partitions = 4;
    private const int VideosPerShard = 2;
    private const int RequestEvents = 100;
    private const int WarmUpEvents = 60; // Of each probe: three seconds of them, if nothing stands still.
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan CalmWithin = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromMilliseconds(100);

    // The first videos of each shard.
    private static readonly VideoId[] Videos =
        [.. Workload.Videos(Shard.Count * 64).GroupBy(Shard.Of).SelectMany(shard => shard.Take(VideosPerShard))];

    private readonly VideoId[] _probes =
        [.. Enumerable.Range(0, int.MaxValue).Select(number => VideoId.Parse($"probe-{number}")).DistinctBy(Shard.Of).Take(Shard.Count).OrderBy(video => Shard.Of(video).Number).Take(settings.Probes)];

    private readonly ConcurrentDictionary<VideoId, long> _expected = [];
    private readonly List<Disturbance> _found = [];
    private long _probed;
    private int _requests;

    public async Task<int> Run(CancellationToken cancellationToken)
    {
        var backlog = new Backlog(settings.BehindMinutes, settings.BehindRate, Partitions);
        Say($"{Machine.Now}");
        await using var counter = await LocalCounter.Start(Silos, settings.BehindMinutes is 0 ? null : hub => Fill(backlog, hub, cancellationToken), cancellationToken);
        try
        {
            await CatchUp(counter, backlog, cancellationToken);
            await Measure(counter, cancellationToken);
            Summarise(counter, backlog);
            return 0;
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            foreach (var complaint in counter.Complaints()) Say($"  {complaint}");
            throw new BenchmarkFailedException(failure.Message);
        }
        finally
        {
            if (settings.Logs is { } folder) counter.CopyLogs(folder);
        }
    }

    private async Task Fill(Backlog backlog, string hub, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        await backlog.Fill(hub, cancellationToken);
        foreach (var (video, count) in backlog.Counts) _expected[video] = count;
        Say($"Behind: {backlog.Events} events of {backlog.Counts.Count} videos in {settings.BehindMinutes} minutes of log, written in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s.");
    }

    private async Task CatchUp(LocalCounter counter, Backlog backlog, CancellationToken cancellationToken)
    {
        if (settings.BehindMinutes is 0) return;
        var began = Stopwatch.GetTimestamp();
        await using var river = await River.Connect(counter, cancellationToken);
        var ends = await river.Ends(cancellationToken);
        await river.Counted(ends, cancellationToken);
        Say($"  counted after {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s ({backlog.Events / Stopwatch.GetElapsedTime(began).TotalSeconds:0}/s)");
        await river.Stored(ends, cancellationToken);
        Say($"  stored after {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s");
    }

    private async Task Measure(LocalCounter counter, CancellationToken cancellationToken)
    {
        await Measure("calm", silo: 1, counter, () => Task.CompletedTask, cancellationToken);
        _found.Clear(); // Programs that were just started compile themselves.
        await Measure("calm", silo: 1, counter, () => Task.CompletedTask, cancellationToken);
        for (var repetition = 0; repetition < settings.Repetitions; repetition++)
        {
            var silo = (repetition % Silos) + 1;
            await Measure("kill", silo, counter, () => counter.Kill(silo), cancellationToken);
            await Measure("join", silo, counter, () => counter.Join(silo), cancellationToken);
            await Measure("leave", silo, counter, () => counter.Leave(silo), cancellationToken);
            await Measure("join", silo, counter, () => counter.Join(silo), cancellationToken);
        }

        await using var river = await River.Connect(counter, cancellationToken);
        var ends = await river.Ends(cancellationToken);
        await river.Stored(ends, cancellationToken);
        await river.VerifyCheckpoints(ends, cancellationToken);
        Say($"Verified after each: {_expected.Count} counts; at the end also {Shard.Count} checkpoints.");
    }

    private async Task Measure(string what, int silo, LocalCounter counter, Func<Task> act, CancellationToken cancellationToken)
    {
        using var generator = new LoadGenerator([.. counter.Urls.Where((_, i) => i != silo - 1)], connections: 1) { Insists = true };
        using var enough = new CancellationTokenSource();
        var load = generator.PostPaced(Load(), TimeSpan.FromSeconds((double)RequestEvents / settings.Rate), enough.Token, cancellationToken);
        await using var probes = new Probes(generator, _probes, _probed, cancellationToken);
        try
        {
            await probes.Seen(WarmUpEvents, cancellationToken);
            var (acted, since) = (DateTime.UtcNow, Stopwatch.GetTimestamp());
            await act();
            var took = Stopwatch.GetElapsedTime(since);
            await Calms(probes, cancellationToken);
            await enough.CancelAsync();
            await load;
            _probed = await probes.Finish(cancellationToken);
            foreach (var probe in _probes) _expected[probe] = _probed;

            double[] pauses = [.. probes.All.Select(probe => probe.Pause(since).TotalSeconds).Order()];
            var accepted = probes.Accepted;
            var delay = probes.All.Max(probe => probe.Delay(accepted)).TotalSeconds;
            var found = new Disturbance(
                what, silo, Rounded(took.TotalSeconds), Rounded(pauses[^1]), Rounded(pauses[pauses.Length / 2]), Rounded(delay),
                (double)pauses.Count(pause => pause > 2) / pauses.Length, (double)pauses.Count(pause => pause > 10) / pauses.Length,
                generator.Refusals, probes.All.Sum(probe => probe.Unanswered), TakeOver.Since(acted, counter));
            _found.Add(found);
            Say($"{found}");
        }
        finally
        {
            await enough.CancelAsync();
            await load.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Told above, if it was what failed.
        }

        await Verify(generator, cancellationToken);
    }

    /// <summary>Waits until nothing has stood still for long enough.</summary>
    private static async Task Calms(Probes probes, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        for (var since = began; Stopwatch.GetElapsedTime(since) < Calm;)
        {
            await Task.Delay(LookAgainAfter, cancellationToken);
            if (!probes.Flow) since = Stopwatch.GetTimestamp();
            if (Stopwatch.GetElapsedTime(began) > CalmWithin) throw new BenchmarkFailedException($"After {CalmWithin}, counting still stands still or falls behind.");
        }
    }

    // Made while they are sent. Noted when the next one is asked for: this one was sent then, and goes until it is accepted.
    private IEnumerable<byte[]> Load()
    {
        while (true)
        {
            var request = Workload.Create(Videos, RequestEvents, RequestEvents, ++_requests);
            yield return request.Bodies[0];
            for (var i = 0; i < Videos.Length; i++)
                if (request.Unique[i] > 0) _expected[Videos[i]] = _expected.GetValueOrDefault(Videos[i]) + request.Unique[i];
        }
    }

    // All that was accepted before the last events of the probes can be seen as they can, or a moment later.
    private async Task Verify(LoadGenerator generator, CancellationToken cancellationToken)
    {
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(_expected, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken }, async (one, token) =>
        {
            var (count, began) = (await generator.Count(one.Key, token), Stopwatch.GetTimestamp());
            while (count < one.Value && Stopwatch.GetElapsedTime(began) < Calm)
            {
                await Task.Delay(LookAgainAfter, token);
                count = await generator.Count(one.Key, token);
            }

            if (count != one.Value) wrong.Add($"{one.Key} (shard {Shard.Of(one.Key)}) counts {count} and not {one.Value}");
        });
        if (!wrong.IsEmpty) throw new BenchmarkFailedException($"{wrong.Count} counts are wrong: {string.Join("; ", wrong.Take(10))}");
    }

    private void Summarise(LocalCounter counter, Backlog backlog)
    {
        Say("| | measures | pause: median, worst | 202 to seen: median, worst | probes over 2 s | over 10 s | taken over after |");
        Say("|---|---|---|---|---|---|---|");
        foreach (var group in _found.GroupBy(one => one.What))
        {
            var (pauses, delays, takeOvers) = (group.Select(one => one.Pause).Order().ToArray(), group.Select(one => one.Delay).Order().ToArray(), group.SelectMany(one => one.TakeOvers).ToArray());
            Say($"| {group.Key} | {pauses.Length} | {pauses[pauses.Length / 2]:0.0} s, {pauses[^1]:0.0} s | {delays[delays.Length / 2]:0.0} s, {delays[^1]:0.0} s | {group.Average(one => one.Over2):P0} | {group.Average(one => one.Over10):P0} "
                + (takeOvers.Length is 0 ? "| |" : $"| {takeOvers.Min(one => one.After):0.0} to {takeOvers.Max(one => one.After):0.0} s; {takeOvers.Count(one => one.Sightings is null)} of {takeOvers.Length} read back |"));
        }

        var complaints = counter.Complaints();
        Say($"The silos logged {complaints.Sum(complaint => complaint.Count)} warnings and errors.");
        foreach (var complaint in complaints) Say($"  {complaint}");
        Say(Machine.Line(new { benchmark = "recover", machine = Machine.Now, settings, behind = backlog.Events, found = _found, complaints }));
    }

    private static double Rounded(double seconds) => Math.Round(seconds, 3);

    private void Say(string line) => output.WriteLine(line);
}
