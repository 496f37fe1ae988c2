using System.Diagnostics;
using System.Text.Json;
using Orleans.Counter.Cli.Processes;

namespace Orleans.Counter.Benchmarks.Load;

/// <summary>Everything that <c>counter up</c> starts, in a folder of its own that does not outlive it.</summary>
internal sealed class LocalCounter : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(2);
    private readonly string _folder;
    private readonly ChildProcess _up;
    private readonly List<ChildProcess> _joined = [];
    private readonly Dictionary<string, RunningProcess> _running = [];

    private LocalCounter(string folder, ChildProcess up, IReadOnlyList<Uri> urls) => (_folder, _up, Urls) = (folder, up, urls);

    /// <summary>Where the service answers: each of its silos.</summary>
    public IReadOnlyList<Uri> Urls { get; }

    public string HubConnectionString => _running["devhub"].ConnectionString!;

    public string StorageConnectionString => _running["azurite"].ConnectionString!;

    public IEnumerable<int> SiloPids => Silos.Select(silo => _running[silo].Pid);

    /// <summary>Where the silos take Orleans clients.</summary>
    public int[] GatewayPorts => [.. Ports.Silos.Select(silo => silo.Gateway)];

    private LocalPorts Ports => JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(Data, "ports.json")), LocalJson.Default.LocalPorts)!;

    private IEnumerable<string> Silos => Enumerable.Range(1, Urls.Count).Select(number => $"silo{number}");

    private IEnumerable<string> SiloLogs => Silos.Select(Log);

    private string Data => Path.Combine(_folder, "data");

    /// <param name="silos">How many.</param>
    /// <param name="fillHub">Puts into the folder of the hub what is there before anything starts.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BenchmarkFailedException">It did not start.</exception>
    public static async Task<LocalCounter> Start(int silos, Func<string, Task>? fillHub, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("counter-benchmark-").FullName;
        try
        {
            using var data = DataFolder.Open(Path.Combine(folder, "data"));
            if (fillHub is not null) await fillHub(data.Hub);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }

        var port = LocalPorts.FreePorts().First(first => Enumerable.Range(first, silos).All(LocalPorts.IsFree));
        var up = ChildProcess.Start(new()
        {
            Role = "up",
            Program = Tool.Dotnet(),
            Arguments = [Binary(), "up", "--no-restart", "--silos", $"{silos}", "--port", $"{port}", "--data", Path.Combine(folder, "data")],
            Announcement = "Ready: ",
            Environment = LogLine.Settings,
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

    /// <summary>Kills a silo (SIGKILL), and returns when it is gone.</summary>
    /// <param name="number">From 1.</param>
    public async Task Kill(int number)
    {
        using var silo = Process.GetProcessById(_running[$"silo{number}"].Pid);
        silo.Kill();
        await silo.WaitForExitAsync();
    }

    /// <summary>Asks a silo to leave (SIGTERM), and returns when it is gone.</summary>
    /// <param name="number">From 1.</param>
    public async Task Leave(int number)
    {
        using var silo = Process.GetProcessById(_running[$"silo{number}"].Pid);
        Posix.AskToStop(silo.Id);
        await silo.WaitForExitAsync();
    }

    /// <summary>Starts a silo that is gone, where it was, and returns when it is ready.</summary>
    /// <param name="number">From 1.</param>
    /// <exception cref="BenchmarkFailedException">It did not become ready.</exception>
    public async Task Join(int number)
    {
        using var unused = DataFolder.Open(Path.Combine(_folder, "joined")); // A silo keeps nothing in it, and `counter up` holds its own.
        var spec = new LocalParts(unused, Ports).Silo(number, Urls[number - 1].Port, HubConnectionString, StorageConnectionString);
        var silo = ChildProcess.Start(spec with { Environment = spec.Environment.Concat(LogLine.Settings).ToDictionary() }, Log(spec.Role));
        _joined.Add(silo);
        _running[spec.Role] = _running[spec.Role] with { Pid = silo.Id };
        using var patience = new CancellationTokenSource(ReadyWithin);
        var ready = spec.Ready(silo, patience.Token);
        if (await Task.WhenAny(ready, silo.Exited) != ready || !ready.IsCompletedSuccessfully) throw new BenchmarkFailedException($"{spec.Role} did not become ready.");
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
    public IReadOnlyList<Complaint> Complaints() => [.. SiloLogs.SelectMany(LogLine.Read)
        .Where(line => line.IsComplaint)
        .GroupBy(line => $"{line.Level} {line.Source}", (source, lines) => new Complaint(source, lines.Count(), lines.First().Text[..Math.Min(lines.First().Text.Length, 200)]))
        .OrderByDescending(complaint => complaint.Count)];

    /// <summary>What a silo has logged in all its processes.</summary>
    /// <param name="number">From 1.</param>
    public IEnumerable<LogLine> SiloLog(int number) => LogLine.Read(Log($"silo{number}"));

    /// <summary>Copies the logs of all processes.</summary>
    public void CopyLogs(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var log in Directory.EnumerateFiles(Path.Combine(Data, "logs"))) File.Copy(log, Path.Combine(folder, Path.GetFileName(log)), overwrite: true);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_joined.Select(silo => silo.Stop()));
        foreach (var silo in _joined) silo.Dispose();
        await _up.Stop();
        _up.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Log(string role) => Path.Combine(Data, "logs", $"{role}.log");

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
