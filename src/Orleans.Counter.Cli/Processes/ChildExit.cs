namespace Orleans.Counter.Cli.Processes;

/// <summary>How a process ended.</summary>
/// <param name="Code">Its exit code; 128 and the signal's number if a signal ended it.</param>
internal readonly record struct ChildExit(int Code)
{
    public override string ToString() => Code > 128 ? $"ended by {Signal(Code - 128)} (exit code {Code})" : $"exit code {Code}";

    private static string Signal(int number) => number switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => $"signal {number}",
    };
}
