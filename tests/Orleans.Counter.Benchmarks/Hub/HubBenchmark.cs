using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Counter.Benchmarks.Load;
using Orleans.Counter.Cli.Processes;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Benchmarks.Hub;

/// <summary>DevHub through our own client: sends of two sizes, and starts.</summary>
internal sealed class HubBenchmark(HubSettings settings, TextWriter output)
{
    private const int Partitions = 4;
    private const string Name = "events";

    public async Task<int> Run(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("devhub-benchmark-").FullName;
        try
        {
            await output.WriteLineAsync($"{Machine.Now}");
            var sends = new List<SendFigures>
            {
                await Send(folder, bytes: 1024, inFlight: 500, until: settings.Sending, cancellationToken),
                await Send(folder, bytes: 64 * 1024, inFlight: 100, until: settings.Sending, cancellationToken),
            };
            await Fill(folder, settings.Gigabytes * 1_000_000_000L, cancellationToken);
            var held = new DirectoryInfo(folder).EnumerateFiles("*.log", SearchOption.AllDirectories).Sum(file => file.Length);
            StartFigures[] starts = [await Start(folder, held, kills: false, cancellationToken), await Start(folder, held, kills: true, cancellationToken)];
            foreach (var start in starts) await output.WriteLineAsync($"{start}");
            await output.WriteLineAsync(Machine.Line(new { Machine = $"{Machine.Now}", sends, starts }));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<SendFigures> Send(string folder, int bytes, int inFlight, TimeSpan until, CancellationToken cancellationToken)
    {
        using var devHub = Serve(folder);
        try
        {
            var connection = await Ready(devHub, cancellationToken);
            var began = Stopwatch.GetTimestamp();
            var (sent, latencies) = await Send(connection, bytes, inFlight, _ => Stopwatch.GetElapsedTime(began) < until, cancellationToken);
            var took = Stopwatch.GetElapsedTime(began);
            var figures = new SendFigures(bytes, inFlight, Math.Round(sent / took.TotalSeconds), Math.Round(sent * (double)bytes / took.TotalSeconds / 1e6, 1), latencies.Figures());
            await output.WriteLineAsync($"{figures}");
            return figures;
        }
        finally
        {
            await devHub.Stop();
        }
    }

    private static async Task Fill(string folder, long bytes, CancellationToken cancellationToken)
    {
        const int EventBytes = 64 * 1024;
        using var devHub = Serve(folder);
        await Send(await Ready(devHub, cancellationToken), EventBytes, inFlight: 100, sent => sent * EventBytes < bytes, cancellationToken);
        await devHub.Stop();
    }

    private static async Task<(long Sent, HdrHistogram.HistogramBase Latencies)> Send(
        string connection, int bytes, int inFlight, Func<long, bool> goesOn, CancellationToken cancellationToken)
    {
        await using var hub = new AmqpEventHub(EventHubConnectionOptions.FromConnectionString(connection, Name), TimeProvider.System, NullLogger<AmqpEventHub>.Instance);
        var body = new byte[bytes];
        new Random(1).NextBytes(body);
        var (latencies, gate, begun, ended) = (Latencies.New(), new Lock(), 0L, 0L);
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(async lane =>
        {
            while (goesOn(Interlocked.Read(ref begun)))
            {
                Interlocked.Increment(ref begun);
                var at = Stopwatch.GetTimestamp();
                await hub.Send($"{lane % Partitions}", new(body), cancellationToken);
                lock (gate) latencies.Record(at);
                Interlocked.Increment(ref ended);
            }
        }));
        return (ended, latencies);
    }

    private async Task<StartFigures> Start(string folder, long held, bool kills, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (var i = 0; i < settings.Starts; i++)
        {
            var began = Stopwatch.GetTimestamp();
            using var devHub = Serve(folder);
            await Ready(devHub, cancellationToken);
            times.Add(Math.Round(Stopwatch.GetElapsedTime(began).TotalMilliseconds));
            if (kills) devHub.Kill();
            else await devHub.Stop();
            await devHub.Exited;
        }

        times.Sort();
        return new(held, kills, times[times.Count / 2], times[^1]);
    }

    private static ChildProcess Serve(string folder) => ChildProcess.Start(
        new() { Role = "devhub", Program = Tool.Dotnet(), Arguments = [Binary(), "--port", "0", "--data", Path.Combine(folder, "data"), "--hub", $"{Name}:{Partitions}"], Announcement = "ready " },
        Path.Combine(folder, "devhub.txt"));

    private static async Task<string> Ready(ChildProcess devHub, CancellationToken cancellationToken)
    {
        await Task.WhenAny(devHub.Announced, devHub.Exited).WaitAsync(cancellationToken);
        return devHub.Announced.IsCompleted ? await devHub.Announced : throw new BenchmarkFailedException($"DevHub did not start: {string.Join(' ', devHub.LastLines)}");
    }

    /// <summary>The program that was built with us: <c>bin/{project}/{configuration}</c>.</summary>
    private static string Binary()
    {
        var ours = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.Combine(ours.Parent!.Parent!.FullName, "Orleans.Counter.DevHub", ours.Name, "Orleans.Counter.DevHub.dll");
    }
}

/// <summary>What sending came to.</summary>
internal sealed record SendFigures(int Bytes, int InFlight, double EventsPerSecond, double MegabytesPerSecond, LatencyFigures Latency)
{
    public override string ToString() => $"{Bytes} bytes, {InFlight} in flight: {EventsPerSecond:N0} events/s, {MegabytesPerSecond:N1} MB/s, {Latency}";
}

/// <summary>How long a start takes, from the beginning of the process until it serves; in milliseconds.</summary>
internal sealed record StartFigures(long Bytes, bool AfterKill, double Median, double Worst)
{
    public override string ToString() => $"start with {Bytes / 1e9:N2} GB, after {(AfterKill ? "a kill" : "an orderly end")}: median {Median:N0} ms, worst {Worst:N0} ms";
}
