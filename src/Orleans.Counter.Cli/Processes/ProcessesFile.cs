using System.Text.Json;

namespace Orleans.Counter.Cli.Processes;

/// <summary>One running process, as <c>processes.json</c> shows it.</summary>
/// <param name="Role"><c>azurite</c>, <c>devhub</c>, <c>silo1</c>, <c>silo2</c>, …</param>
/// <param name="Pid">Its process id.</param>
/// <param name="Url">Where it answers.</param>
/// <param name="ConnectionString">How to connect to it; null for a silo.</param>
internal sealed record RunningProcess(string Role, int Pid, string Url, string? ConnectionString);

/// <summary>What runs now, for tests and tools. A reader finds the file whole at any time; a process that is not running is not in it.</summary>
internal sealed class ProcessesFile(string path)
{
    private readonly SortedDictionary<string, RunningProcess> _running = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>What the file says; nothing if there is none.</summary>
    public static IReadOnlyList<RunningProcess> Read(string path) =>
        File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllText(path), LocalJson.Default.IReadOnlyListRunningProcess) ?? [] : [];

    public void Set(RunningProcess process)
    {
        lock (_lock)
        {
            _running[process.Role] = process;
            Write();
        }
    }

    public void Remove(string role)
    {
        lock (_lock)
        {
            _running.Remove(role);
            Write();
        }
    }

    // A rename replaces the file in one step; a write in place would show half of it to whoever reads at the wrong moment.
    private void Write()
    {
        File.WriteAllText(path + ".new", JsonSerializer.Serialize([.. _running.Values], LocalJson.Default.IReadOnlyListRunningProcess));
        File.Move(path + ".new", path, overwrite: true);
    }
}
