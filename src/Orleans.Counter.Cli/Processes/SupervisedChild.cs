using System.ComponentModel;
using System.Diagnostics;

namespace Orleans.Counter.Cli.Processes;

/// <summary>Keeps one program running, over as many processes as it takes.</summary>
/// <remarks>
/// One task at a time owns the process: <see cref="Start"/> until it returns, then the watch, then <see cref="Stop"/>, which first ends the watch.
/// So nothing can be started again behind the back of a stop.
/// </remarks>
internal sealed class SupervisedChild(ChildSpec spec, string logPath, ProcessesFile processes, Action<string> say, bool restart, TimeProvider time)
    : IDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LastDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LivedWell = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stopping = new();
    private ChildProcess? _process;
    private ChildProcess? _ready;
    private bool _disturbed;
    private Task _watch = Task.CompletedTask;
    private bool _killed;

    /// <summary>Ends when it is not watched any more: stopped, left dead, or because the watch itself has failed.</summary>
    public Task Watched => _watch;

    public string Role => spec.Role;

    /// <summary>Completes when it is ready, at once if it is. A process that is frozen counts as ready.</summary>
    public async Task IsReady(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _ready) is null) await Task.Delay(FirstDelay, time, cancellationToken);
    }

    /// <summary>Kills it (SIGKILL), as an accident would. It is started again as soon as one that had lived well.</summary>
    /// <returns>Its process id; null if it was not ready, and nothing was done.</returns>
    public int? Kill() => Disturb(process => process.Kill());

    /// <summary>
    /// Stops it in its tracks (SIGSTOP), until <see cref="Posix.Thaw"/>. Should it die of that, it is started again as soon as one that had lived well.
    /// </summary>
    /// <returns>Its process id; null if it was not ready, and nothing was done.</returns>
    public int? Freeze() => Disturb(process => Posix.Freeze(process.Id));

    /// <summary>Starts it, waits until it is ready, and watches it from then on.</summary>
    /// <returns>Its connection string, if it has one.</returns>
    /// <exception cref="CommandFailedException">It ended, or did not become ready in two minutes.</exception>
    public async Task<string?> Start(CancellationToken cancellationToken)
    {
        var (connectionString, problem) = await Launch(cancellationToken);
        if (problem is not null) throw new CommandFailedException(problem);
        _watch = Watch();
        return connectionString;
    }

    /// <summary>Stops it for good.</summary>
    /// <returns>False if it had to be killed.</returns>
    public async Task<bool> Stop()
    {
        await _stopping.CancelAsync();
        try
        {
            await _watch;
        }
        finally
        {
            if (_process is not null && !await _process.Stop())
            {
                _killed = true;
                say($"{spec.Role} did not stop when asked to, and was killed: it may have lost what it had not written yet.");
            }
            processes.Remove(spec.Role);
        }
        return !_killed;
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _process?.Dispose();
    }

    private async Task Watch()
    {
        var delay = FirstDelay;
        try
        {
            while (true)
            {
                var since = Stopwatch.GetTimestamp();
                var exit = await _process!.Exited.WaitAsync(_stopping.Token);
                Volatile.Write(ref _ready, null);
                processes.Remove(spec.Role);
                // Nobody dies with code 0: somebody has asked it to stop, as in a rolling restart, and it did so in peace.
                var disturbed = Interlocked.Exchange(ref _disturbed, false);
                say(exit.Code is 0 ? $"{spec.Role} has ended: {exit}." : $"{spec.Role} has died: {exit}.{(disturbed ? "" : $" {Lately(_process)}")}");
                if (!restart) return;

                if (Stopwatch.GetElapsedTime(since) > LivedWell || disturbed) delay = FirstDelay;
                await Revive(delay);
                delay = delay * 2 < LastDelay ? delay * 2 : LastDelay;
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Stop goes on from here.
        }
    }

    private async Task Revive(TimeSpan delay)
    {
        while (true)
        {
            await Task.Delay(delay, time, _stopping.Token);
            var (_, problem) = await Launch(_stopping.Token);
            if (problem is null)
            {
                say($"{spec.Role} runs again (process {_process!.Id}).");
                return;
            }
            say(problem);
            delay = delay * 2 < LastDelay ? delay * 2 : LastDelay;
        }
    }

    // The problem is null when the process is ready.
    private async Task<(string? ConnectionString, string? Problem)> Launch(CancellationToken cancellationToken)
    {
        _process?.Dispose();
        _process = null;
        try
        {
            _process = ChildProcess.Start(spec, logPath);
        }
        catch (Win32Exception failure)
        {
            return (null, $"{spec.Role} cannot be started: {failure.Message}");
        }
        processes.Set(new(spec.Role, _process.Id, spec.Url, null));

        using var notReady = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ready = spec.Ready(_process, notReady.Token);
        var first = await Task.WhenAny(ready, _process.Exited, Task.Delay(ReadyWithin, time, notReady.Token));
        cancellationToken.ThrowIfCancellationRequested();
        if (first == ready)
        {
            var connectionString = await ready;
            processes.Set(new(spec.Role, _process.Id, spec.Url, connectionString));
            Volatile.Write(ref _ready, _process);
            return (connectionString, null);
        }

        await notReady.CancelAsync();
        var how = first == _process.Exited ? $"ended before it was ready: {await _process.Exited}" : $"was not ready after {ReadyWithin.TotalSeconds:0} s";
        await _process.Stop();
        processes.Remove(spec.Role);
        return (null, $"{spec.Role} {how}. {Lately(_process)}");
    }

    // A process that ends in this moment is not disposed of before half a second has passed.
    private int? Disturb(Action<ChildProcess> how)
    {
        if (Volatile.Read(ref _ready) is not { } process) return null;
        Interlocked.Exchange(ref _disturbed, true);
        how(process);
        return process.Id;
    }

    private string Lately(ChildProcess process) => process.LastLines is { Count: > 0 } lines
        ? $"The end of {logPath}:{string.Concat(lines.Select(line => $"\n    {line}"))}"
        : $"Its log {logPath} is empty.";
}
