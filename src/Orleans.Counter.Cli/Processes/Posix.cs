using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Orleans.Counter.Cli.Processes;

/// <summary>Signals. .NET can only kill a process, not ask it to stop.</summary>
internal static partial class Posix
{
    private const int Terminate = 15;
    private const int NoSuchProcess = 3;

    /// <summary>Asks a process to stop (SIGTERM). Does nothing if it is gone.</summary>
    public static void AskToStop(int pid)
    {
        if (Kill(pid, Terminate) is 0 || Marshal.GetLastPInvokeError() is NoSuchProcess) return;
        throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Process {pid} cannot be stopped: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
