using System.Runtime.InteropServices;

namespace Orleans.Counter.Cli.Processes;

/// <summary>Programs that others have installed.</summary>
internal static class Tool
{
    /// <summary>The runtime that runs us also runs our parts, wherever it is installed.</summary>
    public static string Dotnet()
    {
        var path = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(path) ? path : "dotnet";
    }

    /// <summary>The full path of a program, as a shell would find it.</summary>
    /// <exception cref="CommandFailedException">It is not there; the message says what to install.</exception>
    public static string Node(string name) => Find(name) ?? throw new CommandFailedException(
        $"'{name}' was not found. The storage of a local run, Azurite, is a Node.js program: install Node.js 20 or later with npm (https://nodejs.org).");

    /// <summary>The full path of a program, as a shell would find it; null if it is not there.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);
}
