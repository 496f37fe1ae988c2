using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Orleans.Counter.Cli.Processes;

namespace Orleans.Counter.Tests.Azure;

/// <summary>The whole service as a user starts it: <c>counter up</c> in a process of its own, with storage, hub and silos in theirs.</summary>
/// <remarks>Its data folder is new, and goes with it. Silos are numbered from 1.</remarks>
public sealed partial class LocalCounter : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("counter-").FullName;
    private readonly List<string> _said = [];
    private readonly Dictionary<string, int> _since = []; // by role: how much was said before the last thing that was done to it
    private readonly Dictionary<string, ChildProcess> _added = [];
    private readonly List<HttpClient> _clients = [];
    private readonly string[] _options;
    private readonly (string Name, string Value)[] _settings;
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _reading = Task.CompletedTask;
    private DataFolder? _addedFolder;
    private Process? _up;

    private LocalCounter(int port, int silos, bool restart, int partitions, (string Name, string Value)[] settings)
    {
        _settings = settings;
        _options = ["--port", $"{port}", "--silos", $"{silos}", "--data", Data, .. restart ? (string[])[] : ["--no-restart"]];
        Partitions = partitions;
        for (var i = 0; i < silos; i++) _clients.Add(ClientOf(port + i));
    }

    /// <summary>Where the first silo answers; stays the same over restarts.</summary>
    public Uri Url => Http.BaseAddress!;

    /// <summary>A client of the first silo.</summary>
    public HttpClient Http => _clients[0];

    /// <summary>A client of each silo, the first one first; also of one that was added, until it is stopped.</summary>
    public IReadOnlyList<HttpClient> Silos => _clients;

    /// <summary>The data folder, with <c>processes.json</c> and <c>logs</c>.</summary>
    public string Data => Path.Combine(_folder, "data");

    /// <summary>How many partitions the hub is given, when it is started next.</summary>
    public int Partitions { get; set; }

    /// <summary>What <c>counter up</c> has printed.</summary>
    public string Output
    {
        get { lock (_said) return string.Join('\n', _said); }
    }

    /// <summary>Starts everything and returns when it is ready.</summary>
    /// <param name="silos">How many silos there are, up to 9.</param>
    /// <param name="restart">False: a process that dies or ends stays away.</param>
    /// <param name="partitions">How many partitions the hub has.</param>
    /// <param name="settings">What else all processes find in their environment.</param>
    public static async Task<LocalCounter> StartAsync(int silos = 1, bool restart = true, int partitions = 4, params (string Name, string Value)[] settings)
    {
        var ports = LocalPorts.FreePorts().First(first => Enumerable.Range(first, silos).All(LocalPorts.IsFree));
        var counter = new LocalCounter(ports, silos, restart, partitions, settings);
        try
        {
            await counter.Up();
            return counter;
        }
        catch
        {
            await counter.DisposeAsync();
            throw;
        }
    }

    /// <summary>The <c>counter</c> that was built with these tests.</summary>
    internal static string Program
    {
        get
        {
            var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)); // debug or release, as ours
            return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Orleans.Counter.Cli", configuration, "counter.dll"));
        }
    }

    /// <summary>The connection string of the hub or the storage, as <c>processes.json</c> says it now.</summary>
    /// <param name="role"><c>devhub</c> or <c>azurite</c>.</param>
    public string ConnectionString(string role) => Find(role)?.ConnectionString ?? throw new InvalidOperationException($"{role} does not run.\n{Output}");

    /// <summary>The process id of a silo.</summary>
    public int SiloPid(int number = 1) => _added.TryGetValue(Silo(number), out var added) ? added.Id : Pid(Silo(number));

    /// <summary>Everything that a silo has logged in all its processes since the last start of the whole.</summary>
    public string SiloLog(int number = 1) =>
        File.ReadAllText(_added.ContainsKey(Silo(number)) ? AddedFolder.Log(Silo(number)) : Path.Combine(Data, "logs", $"{Silo(number)}.log"));

    /// <summary>Kills a silo (SIGKILL): what it has not written yet is gone. Returns at once; see <see cref="SiloRunsAgainAsync"/>.</summary>
    public void KillSilo(int number = 1) => Kill(Silo(number));

    /// <summary>Asks a silo to leave (SIGTERM), and waits until its process has ended; see <see cref="SiloRunsAgainAsync"/>.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopSilo(int number)
    {
        var role = Silo(number);
        if (_added.Remove(role, out var added)) return await Remove(added, _clients[number - 1]);
        Mark(role);
        Posix.AskToStop(Pid(role));
        return int.Parse(ExitCode().Match(await Line($"{role} has ", role)).Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Stops a silo in its tracks (SIGSTOP): its connections stay, and nobody answers.</summary>
    public Task FreezeSilo(int number)
    {
        Mark(Silo(number));
        return Signal("STOP", SiloPid(number));
    }

    /// <summary>Lets a silo go on that was frozen (SIGCONT). It does not know that time has passed.</summary>
    public Task ThawSilo(int number) => Signal("CONT", SiloPid(number));

    /// <summary>Returns when the silo that was killed or stopped is replaced by one that is ready.</summary>
    public Task SiloRunsAgainAsync(int number = 1) => Line($"{Silo(number)} runs again", Silo(number));

    /// <summary>Starts one more silo, as <c>counter up</c> starts its own, and returns when it is ready. Nobody starts it again.</summary>
    /// <param name="role">What it does: everything, or <c>api</c> or <c>silo</c> alone.</param>
    /// <param name="settings">What else it finds in its environment.</param>
    /// <returns>Its number.</returns>
    public async Task<int> AddSilo(string? role = null, params (string Name, string Value)[] settings)
    {
        var number = _clients.Count + 1;
        var port = LocalPorts.FreePorts().First();
        var parts = new LocalParts(AddedFolder, LocalPorts.Choose(AddedFolder.PortsJson, [port], number));
        var spec = parts.Silo(number, port, ConnectionString("devhub"), ConnectionString("azurite"));
        (string Name, string Value)[] also = role is null ? settings : [("Role", role), .. settings];
        spec = spec with { Environment = spec.Environment.Concat(also.Select(one => KeyValuePair.Create(one.Name, one.Value))).ToDictionary() };
        File.Delete(AddedFolder.Log(spec.Role)); // of one that had the number before
        var silo = ChildProcess.Start(spec, AddedFolder.Log(spec.Role));
        _added.Add(spec.Role, silo);
        using var patience = new CancellationTokenSource(Patience);
        if (await Task.WhenAny(spec.Ready(silo, patience.Token), silo.Exited) == silo.Exited)
            throw new InvalidOperationException($"{spec.Role} ended before it was ready:\n{string.Join('\n', silo.LastLines)}");
        _clients.Add(ClientOf(port));
        return number;
    }

    /// <summary>Kills the hub (SIGKILL). Returns at once; see <see cref="HubRunsAgainAsync"/>.</summary>
    public void KillHub() => Kill("devhub");

    /// <summary>Returns when the hub that was killed is replaced by one that is ready.</summary>
    public Task HubRunsAgainAsync() => Line("devhub runs again", "devhub");

    /// <summary>Asks the storage to end (SIGTERM). Returns at once; see <see cref="StorageRunsAgainAsync"/>.</summary>
    /// <remarks>It is not killed: Azurite would then forget what it has said it had stored, which is more than any service can make good.</remarks>
    public void EndStorage()
    {
        Mark("azurite");
        Posix.AskToStop(Pid("azurite"));
    }

    /// <summary>Returns when the storage that was ended is replaced by one that is ready.</summary>
    public Task StorageRunsAgainAsync() => Line("azurite runs again", "azurite");

    /// <summary>Asks everything to stop (SIGTERM) and waits for it.</summary>
    /// <returns>The exit code of <c>counter up</c>.</returns>
    public async Task<int> StopAsync()
    {
        var up = _up ?? throw new InvalidOperationException("It does not run.");
        _up = null;
        using (up)
        {
            Posix.AskToStop(up.Id);
            try
            {
                await up.WaitForExitAsync().WaitAsync(Patience);
            }
            catch (TimeoutException failure)
            {
                up.Kill(entireProcessTree: true);
                throw new InvalidOperationException($"`counter up` did not stop when asked to. It said:\n{Output}", failure);
            }
            return up.ExitCode;
        }
    }

    /// <summary>Stops everything and starts it again with the same data.</summary>
    /// <returns>The exit code of the first run.</returns>
    public async Task<int> RestartAsync()
    {
        var exitCode = await StopAsync();
        await Up();
        return exitCode;
    }

    /// <summary>Starts everything again with the same data, after it was stopped.</summary>
    public Task StartAgainAsync() => Up();

    /// <summary>Runs another command of <c>counter</c> on the same data, while nothing else runs.</summary>
    /// <returns>Its exit code, and what it has printed.</returns>
    public async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        var log = Path.Combine(_folder, "command.log");
        File.Delete(log);
        using var command = ChildProcess.Start(
            new() { Role = "command", Program = Tool.Dotnet(), Arguments = [Program, .. arguments, "--data", Data, "--partitions", $"{Partitions}"] }, log);
        var exit = await command.Exited.WaitAsync(Patience);
        return (exit.Code, await File.ReadAllTextAsync(log));
    }

    /// <summary>Starts it again with the same data, in the expectation that it does not get far.</summary>
    /// <returns>The exit code with which it gives up.</returns>
    public async Task<int> GivesUpAsync()
    {
        var up = Launch();
        if (await Said("Ready: ", "up") is not null) throw new InvalidOperationException($"It has started.\n{Output}");
        await up.WaitForExitAsync().WaitAsync(Patience);
        return up.ExitCode;
    }

    /// <summary>Stops everything that still runs, and deletes the data.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
        foreach (var silo in _added.Values)
        {
            await silo.Stop();
            silo.Dispose();
        }
        if (_up is { HasExited: false }) await StopAsync();
        _up?.Dispose();
        _addedFolder?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // For what we start ourselves: `counter up` holds the lock of its own.
    private DataFolder AddedFolder
    {
        get
        {
            if (_addedFolder is not null) return _addedFolder;
            _addedFolder = DataFolder.Open(Path.Combine(_folder, "added"));
            _addedFolder.BeginLogs();
            return _addedFolder;
        }
    }

    private async Task<int> Remove(ChildProcess silo, HttpClient client)
    {
        _clients.Remove(client);
        client.Dispose();
        using (silo)
        {
            await silo.Stop();
            return (await silo.Exited).Code;
        }
    }

    private static string Silo(int number) => $"silo{number}";

    private static HttpClient ClientOf(int port) => new() { BaseAddress = new($"http://localhost:{port}") };

    private RunningProcess? Find(string role) =>
        ProcessesFile.Read(Path.Combine(Data, "processes.json")).FirstOrDefault(process => process.Role == role);

    private int Pid(string role) => (Find(role) ?? throw new InvalidOperationException($"No {role} runs.\n{Output}")).Pid;

    private void Kill(string role)
    {
        Mark(role);
        using var process = Process.GetProcessById(Pid(role));
        process.Kill();
    }

    // By the shell, which knows the numbers of this system.
    private static async Task Signal(string name, int pid)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {pid}"]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode is not 0) throw new InvalidOperationException($"kill -{name} {pid}: exit code {kill.ExitCode}.");
    }

    private async Task Up()
    {
        Launch();
        await Line("Ready: ", "up");
    }

    private Process Launch()
    {
        lock (_said) _since.Clear();
        Mark("up");
        var start = new ProcessStartInfo(Tool.Dotnet(), [Program, "up", .. _options, "--partitions", $"{Partitions}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in _settings) start.Environment[name] = value;
        _up = Process.Start(start)!;
        _reading = Task.WhenAll(Copy(_up.StandardOutput), Copy(_up.StandardError));
        return _up;
    }

    // To the end of both streams: a pipe that nobody reads would stop the process that writes into it.
    private async Task Copy(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
            lock (_said)
            {
                _said.Add(line);
                _more.SetResult();
                _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
    }

    // What is said about a role from now on is about what is done to it now.
    private void Mark(string role)
    {
        lock (_said) _since[role] = _said.Count;
    }

    private async Task<string> Line(string beginning, string role) =>
        await Said(beginning, role) ?? throw new InvalidOperationException($"`counter up` did not say '{beginning}', but:\n{Output}");

    // The first line that begins so since the role's mark, said already or still to come; null if it does not come.
    private async Task<string?> Said(string beginning, string role)
    {
        var deadline = Task.Delay(Patience);
        while (true)
        {
            var last = _reading.IsCompleted || deadline.IsCompleted;
            Task more;
            lock (_said)
            {
                var since = _said.Skip(_since.GetValueOrDefault(role, _since["up"]));
                if (since.FirstOrDefault(line => line.StartsWith(beginning, StringComparison.Ordinal)) is { } found) return found;
                more = _more.Task;
            }
            if (last) return null;
            await Task.WhenAny(more, _reading, deadline);
        }
    }

    [GeneratedRegex("(?<=exit code )[0-9]+")]
    private static partial Regex ExitCode();
}
