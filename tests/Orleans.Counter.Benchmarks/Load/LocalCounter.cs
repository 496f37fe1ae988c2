using System.Diagnostics;
using System.Text.Json;
using Orleans.Counter.Cli.Processes;

namespace Orleans.Counter.Benchmarks.Load;

/// <summary>Everything that <c>counter up</c> starts, in a folder of its own that does not outlive it.</summary>
internal sealed class LocalCounter : IAsyncDisposable
{
    private static readonly string[] Complaining = ["warn:", "fail:", "crit:"];
    private readonly string _folder;
    private readonly ChildProcess _up;
    private readonly Dictionary<string, RunningProcess> _running = [];

    private LocalCounter(string folder, ChildProcess up, IReadOnlyList<Uri> urls) => (_folder, _up, Urls) = (folder, up, urls);

    /// <summary>Where the service answers: each of its silos.</summary>
    public IReadOnlyList<Uri> Urls { get; }

    public string HubConnectionString => _running["devhub"].ConnectionString!;

    public string StorageConnectionString => _running["azurite"].ConnectionString!;

    public IEnumerable<int> SiloPids => Silos.Select(silo => _running[silo].Pid);

    /// <summary>Where the silos take Orleans clients.</summary>
    public int[] GatewayPorts =>
        [.. JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(Data, "ports.json")), LocalJson.Default.LocalPorts)!.Silos.Select(silo => silo.Gateway)];

    private IEnumerable<string> Silos => Enumerable.Range(1, Urls.Count).Select(number => $"silo{number}");

    private IEnumerable<string> SiloLogs => Silos.Select(silo => Path.Combine(Data, "logs", $"{silo}.log"));

    private string Data => Path.Combine(_folder, "data");

    /// <exception cref="BenchmarkFailedException">It did not start.</exception>
    public static async Task<LocalCounter> Start(int silos, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("counter-benchmark-").FullName;
        var port = LocalPorts.FreePorts().First(first => Enumerable.Range(first, silos).All(LocalPorts.IsFree));
        var up = ChildProcess.Start(new()
        {
            Role = "up",
            Program = Tool.Dotnet(),
            Arguments = [Binary(), "up", "--no-restart", "--silos", $"{silos}", "--port", $"{port}", "--data", Path.Combine(folder, "data")],
            Announcement = "Ready: ",
        }, Path.Combine(folder, "up.log"));
        var counter = new LocalCounter(folder, up, [.. Enumerable.Range(port, silos).Select(each => new Uri($"http://localhost:{each}"))]);
        try
        {
            await Task.WhenAny(up.Announced, up.Exited).WaitAsync(cancellationToken);
            if (!up.Announced.IsCompleted) throw new BenchmarkFailedException($"counter up did not start:{string.Concat(up.LastLines.Select(line => $"\n  {line}"))}");
            foreach (var process in ProcessesFile.Read(Path.Combine(counter.Data, "processes.json"))) counter._running[process.Role] = process;
            return counter;
        }
        catch
        {
            await counter.DisposeAsync();
            throw;
        }
    }

    /// <summary>What each process has used until now; the silos together.</summary>
    public Usage Used() => new(Silos.Aggregate(TimeSpan.Zero, (sum, silo) => sum + Of(silo)), Of("devhub"), Of("azurite"));

    /// <summary>The most mebibytes that each process has occupied, and what it occupies now.</summary>
    public IReadOnlyDictionary<string, MemoryFigures> Memory() => _running.ToDictionary(process => process.Key, process =>
    {
        using var running = Process.GetProcessById(process.Value.Pid);
        return new MemoryFigures(running.PeakWorkingSet64 >> 20, running.WorkingSet64 >> 20);
    });

    /// <summary>The end of each silo's log.</summary>
    public IEnumerable<string> LastWords() => SiloLogs.SelectMany(log => File.ReadLines(log).TakeLast(10)).Select(line => line[..Math.Min(line.Length, 400)]);

    /// <summary>What the silos have logged as a warning or worse: how often from each place, and the first words of the first one.</summary>
    public IReadOnlyList<Complaint> Complaints()
    {
        var (found, before) = (new Dictionary<string, Complaint>(), "");
        foreach (var line in SiloLogs.SelectMany(File.ReadLines))
        {
            if (Complaining.Any(before.StartsWith)) found[before] = found.TryGetValue(before, out var known) ? known with { Count = known.Count + 1 } : new(before, 1, line.Trim()[..Math.Min(line.Trim().Length, 200)]);
            before = line;
        }

        return [.. found.Values.OrderByDescending(complaint => complaint.Count)];
    }

    public async ValueTask DisposeAsync()
    {
        await _up.Stop();
        _up.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private TimeSpan Of(string role)
    {
        using var process = Process.GetProcessById(_running[role].Pid);
        return process.TotalProcessorTime;
    }

    /// <summary>The <c>counter</c> that was built with us: <c>bin/{project}/{configuration}</c>. Beside it are the programs that it starts.</summary>
    private static string Binary()
    {
        var ours = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.Combine(ours.Parent!.Parent!.FullName, "Orleans.Counter.Cli", ours.Name, "counter.dll");
    }
}

/// <summary>Processor time; of all silos together.</summary>
internal readonly record struct Usage(TimeSpan Silo, TimeSpan DevHub, TimeSpan Azurite)
{
    public static Usage operator -(Usage left, Usage right) => new(left.Silo - right.Silo, left.DevHub - right.DevHub, left.Azurite - right.Azurite);
}

/// <summary>In mebibytes.</summary>
internal sealed record MemoryFigures(long Peak, long AtEnd);

/// <summary>Something that a silo does not like.</summary>
internal sealed record Complaint(string Source, int Count, string First)
{
    public override string ToString() => $"{Count} x {Source} {First}";
}
