using System.Diagnostics;

namespace Orleans.Counter.Cli.Processes;

/// <summary>Stops what an earlier <c>counter up</c> left behind when it was killed and could not stop its processes itself.</summary>
internal static class LeftOvers
{
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(45);

    /// <summary>Stops the processes of the file that still are what they were; a process id that has become somebody else's is left alone.</summary>
    public static async Task Stop(DataFolder data, Action<string> say, CancellationToken cancellationToken)
    {
        // Silos together, and before what they need to store what they hold.
        foreach (var together in ProcessesFile.Read(data.ProcessesJson).GroupBy(Turn).OrderBy(together => together.Key))
        {
            var asked = new List<RunningProcess>();
            foreach (var process in together)
            {
                var command = await CommandLine(process.Pid, cancellationToken);
                // Hub and storage are told their folder, which is ours alone; a silo is told only where to listen.
                if (!command.Contains(IsSilo(process) ? process.Url : data.Path, StringComparison.Ordinal)) continue;
                say($"{process.Role} (process {process.Pid}) was left behind by an earlier run: stopping it.");
                Posix.AskToStop(process.Pid);
                Posix.Thaw(process.Pid); // `counter chaos` may have frozen it: it would not hear.
                asked.Add(process);
            }
            await Task.WhenAll(asked.Select(process => Gone(process.Pid, cancellationToken)));
        }
        File.Delete(data.ProcessesJson);
    }

    private static int Turn(RunningProcess process) => IsSilo(process) ? 0 : process.Role is "devhub" ? 1 : 2;

    private static bool IsSilo(RunningProcess process) => process.Role.StartsWith("silo", StringComparison.Ordinal);

    private static async Task Gone(int pid, CancellationToken cancellationToken)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            await process.WaitForExitAsync(cancellationToken).WaitAsync(StopWithin, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new CommandFailedException($"Process {pid} of an earlier run does not stop. Look what it is, and end it: kill {pid}");
        }
        catch (ArgumentException)
        {
            // It was quicker than we.
        }
    }

    // Empty if there is no such process.
    private static async Task<string> CommandLine(int pid, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsLinux())
            try
            {
                return (await File.ReadAllTextAsync($"/proc/{pid}/cmdline", cancellationToken)).Replace('\0', ' ');
            }
            catch (IOException)
            {
                return ""; // gone, before or while we looked
            }

        using var ps = Process.Start(new ProcessStartInfo("ps", ["-ww", "-o", "command=", "-p", $"{pid}"]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("ps did not start.");
        return await ps.StandardOutput.ReadToEndAsync(cancellationToken);
    }
}
