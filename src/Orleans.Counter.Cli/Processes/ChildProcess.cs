using System.Diagnostics;

namespace Orleans.Counter.Cli.Processes;

/// <summary>One run of a program. What it says goes to its log.</summary>
/// <remarks>
/// It gets a session of its own (<c>setsid</c>), so that Ctrl-C in the terminal reaches only us, and we stop our children in the order that loses nothing.
/// Where there is no <c>setsid</c> (macOS) they hear Ctrl-C together with us: then all stop cleanly, but at once. Its standard input stays open and
/// silent for as long as we live.
/// </remarks>
internal sealed class ChildProcess : IDisposable
{
    /// <summary>How long a process that was asked to stop may take. Azurite and the hub need it to write what they still hold.</summary>
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(45);

    private const int LastLinesMax = 20;

    private readonly Process _process;
    private readonly string? _announcement;
    private readonly TaskCompletionSource<string> _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _lastLines = [];
    private readonly StreamWriter _log;
    private readonly Task _output;

    private ChildProcess(Process process, StreamWriter log, string? announcement)
    {
        _process = process;
        _log = log;
        _announcement = announcement;
        _output = Task.WhenAll(Copy(process.StandardOutput, announces: true), Copy(process.StandardError, announces: false));
        Exited = Watch();
    }

    public int Id => _process.Id;

    /// <summary>Completes when the process has ended.</summary>
    public Task<ChildExit> Exited { get; }

    /// <summary>What followed the announcement in its line of standard output; never completes if the process ends before.</summary>
    public Task<string> Announced => _announced.Task;

    /// <summary>The last lines that it has said.</summary>
    public IReadOnlyList<string> LastLines
    {
        get { lock (_lastLines) return [.. _lastLines]; }
    }

    public static ChildProcess Start(ChildSpec spec, string logPath)
    {
        var session = Tool.Find("setsid");
        var start = new ProcessStartInfo(session ?? spec.Program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (session is not null) start.ArgumentList.Add(spec.Program);
        foreach (var argument in spec.Arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in spec.Environment) start.Environment[name] = value;

        var log = new StreamWriter(new FileStream(logPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        try
        {
            var process = Process.Start(start) ?? throw new InvalidOperationException($"{spec.Program} did not start.");
            return new(process, log, spec.Announcement);
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    /// <summary>Asks it to stop, and kills it if it does not hear.</summary>
    /// <returns>False if it had to be killed, and may have lost something.</returns>
    public async Task<bool> Stop()
    {
        if (!_process.HasExited) Posix.AskToStop(Id);
        try
        {
            await Exited.WaitAsync(StopWithin);
            return true;
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await Exited;
            return false;
        }
    }

    /// <summary>Ends it at once (SIGKILL): what it has not written yet is gone.</summary>
    public void Kill() => _process.Kill();

    public void Dispose() => _process.Dispose();

    private async Task<ChildExit> Watch()
    {
        await _process.WaitForExitAsync();
        // A process of its own making may hold the pipes open: the last words of a dead process are not worth waiting for longer.
        await Task.WhenAny(_output, Task.Delay(TimeSpan.FromSeconds(1)));
        return new(_process.ExitCode);
    }

    private async Task Copy(StreamReader from, bool announces)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            lock (_lastLines)
            {
                _log.WriteLine(line);
                _lastLines.Enqueue(line);
                if (_lastLines.Count > LastLinesMax) _lastLines.Dequeue();
            }
            if (announces && _announcement is not null && line.StartsWith(_announcement, StringComparison.Ordinal))
                _announced.TrySetResult(line[_announcement.Length..].Trim());
        }
    }
}
