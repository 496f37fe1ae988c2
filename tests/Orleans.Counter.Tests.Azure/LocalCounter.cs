using System.Diagnostics;
using System.Threading.Channels;
using Orleans.Counter.Cli.Processes;

namespace Orleans.Counter.Tests.Azure;

/// <summary>The whole service as a user starts it: <c>counter up</c> in a process of its own, with storage, hub and silo in theirs.</summary>
/// <remarks>Its data folder is new, and goes with it.</remarks>
public sealed class LocalCounter : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("counter-").FullName;
    private readonly List<string> _said = [];
    private readonly bool _restart;
    private readonly int _partitions;
    private Channel<string> _lines = Channel.CreateUnbounded<string>();
    private Process? _up;

    private LocalCounter(int port, bool restart, int partitions)
    {
        Url = new($"http://localhost:{port}");
        Http = new() { BaseAddress = Url };
        _restart = restart;
        _partitions = partitions;
    }

    /// <summary>Where the service answers; stays the same over restarts.</summary>
    public Uri Url { get; }

    /// <summary>A client of the service.</summary>
    public HttpClient Http { get; }

    /// <summary>The data folder, with <c>processes.json</c> and <c>logs</c>.</summary>
    public string Data => Path.Combine(_folder, "data");

    /// <summary>What <c>counter up</c> has printed.</summary>
    public string Output
    {
        get { lock (_said) return string.Join('\n', _said); }
    }

    /// <summary>Starts everything and returns when it is ready.</summary>
    /// <param name="restart">False: a process that dies stays dead.</param>
    /// <param name="partitions">How many partitions the hub has.</param>
    public static async Task<LocalCounter> StartAsync(bool restart = true, int partitions = 4)
    {
        var counter = new LocalCounter(LocalPorts.FreePorts().First(), restart, partitions);
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

    /// <summary>Kills the silo (SIGKILL): what it has not written yet is gone. Returns at once; see <see cref="SiloRunsAgainAsync"/>.</summary>
    public void KillSilo() => Kill("silo");

    /// <summary>Returns when the silo that was killed is replaced by one that is ready.</summary>
    public Task SiloRunsAgainAsync() => Line("silo runs again");

    /// <summary>Kills the hub (SIGKILL). Returns at once; see <see cref="HubRunsAgainAsync"/>.</summary>
    public void KillHub() => Kill("devhub");

    /// <summary>Returns when the hub that was killed is replaced by one that is ready.</summary>
    public Task HubRunsAgainAsync() => Line("devhub runs again");

    /// <summary>Asks the storage to end (SIGTERM). Returns at once; see <see cref="StorageRunsAgainAsync"/>.</summary>
    /// <remarks>It is not killed: Azurite would then forget what it has said it had stored, which is more than any service can make good.</remarks>
    public void EndStorage() => Posix.AskToStop(Pid("azurite"));

    /// <summary>Returns when the storage that was ended is replaced by one that is ready.</summary>
    public Task StorageRunsAgainAsync() => Line("azurite runs again");

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

    /// <summary>Starts it again with the same data, in the expectation that it does not get far.</summary>
    /// <returns>The exit code with which it gives up.</returns>
    public async Task<int> GivesUpAsync()
    {
        var up = Launch();
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var line in _lines.Reader.ReadAllAsync(patience.Token))
            if (line.StartsWith("Ready: ", StringComparison.Ordinal)) throw new InvalidOperationException($"It has started.\n{Output}");
        await up.WaitForExitAsync(patience.Token);
        return up.ExitCode;
    }

    /// <summary>Stops everything that still runs, and deletes the data.</summary>
    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (_up is { HasExited: false }) await StopAsync();
        _up?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private RunningProcess? Find(string role) =>
        ProcessesFile.Read(Path.Combine(Data, "processes.json")).FirstOrDefault(process => process.Role == role);

    private int Pid(string role) => (Find(role) ?? throw new InvalidOperationException($"No {role} runs.\n{Output}")).Pid;

    private void Kill(string role)
    {
        using var process = Process.GetProcessById(Pid(role));
        process.Kill();
    }

    private async Task Up()
    {
        Launch();
        await Line("Ready: ");
    }

    private Process Launch()
    {
        string[] noRestart = _restart ? [] : ["--no-restart"];
        _up = Process.Start(new ProcessStartInfo(
            Tool.Dotnet(), [Program, "up", "--port", $"{Url.Port}", "--data", Data, "--partitions", $"{_partitions}", .. noRestart])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _lines = Channel.CreateUnbounded<string>();
        _ = Collect(_up, _lines.Writer);
        return _up;
    }

    // To the end of both streams: a pipe that nobody reads would stop the process that writes into it.
    private async Task Collect(Process up, ChannelWriter<string> lines)
    {
        await Task.WhenAll(Copy(up.StandardOutput), Copy(up.StandardError));
        lines.Complete();

        async Task Copy(StreamReader from)
        {
            while (await from.ReadLineAsync() is { } line)
            {
                lock (_said) _said.Add(line);
                lines.TryWrite(line);
            }
        }
    }

    private async Task Line(string beginning)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            while (!(await _lines.Reader.ReadAsync(patience.Token)).StartsWith(beginning, StringComparison.Ordinal))
            {
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or ChannelClosedException)
        {
            throw new InvalidOperationException($"`counter up` did not say '{beginning}', but:\n{Output}", failure);
        }
    }
}
