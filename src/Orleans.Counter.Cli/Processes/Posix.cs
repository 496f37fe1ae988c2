using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Orleans.Counter.Cli.Processes;

/// <summary>Signals. .NET can only kill a process, not ask it to stop.</summary>
internal static partial class Posix
{
    private const int Terminate = 15;
    private const int NoSuchProcess = 3;

    private static readonly int Stop = OperatingSystem.IsMacOS() ? 17 : 19;
    private static readonly int Continue = OperatingSystem.IsMacOS() ? 19 : 18;

    /// <summary>Asks a process to stop (SIGTERM). Does nothing if it is gone.</summary>
    public static void AskToStop(int pid) => Send(pid, Terminate);

    /// <summary>Stops a process in its tracks (SIGSTOP): its connections stay, and nobody answers. Does nothing if it is gone.</summary>
    public static void Freeze(int pid) => Send(pid, Stop);

    /// <summary>Lets a frozen process go on (SIGCONT). Does nothing if it is gone.</summary>
    public static void Thaw(int pid) => Send(pid, Continue);

    private static void Send(int pid, int signal)
    {
        if (Kill(pid, signal) is 0 || Marshal.GetLastPInvokeError() is NoSuchProcess) return;
        throw new Win32Exception(Marshal.GetLastPInvokeError(), $"Process {pid} cannot be sent signal {signal}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
