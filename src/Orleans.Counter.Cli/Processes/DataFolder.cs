namespace Orleans.Counter.Cli.Processes;

/// <summary>The folder that keeps a local service's data between runs, held by one <c>counter up</c> at a time.</summary>
/// <remarks>
/// Its marker file says that it is ours, so that nobody's own folder is ever filled or deleted. Holding the marker open is the lock: it ends with us,
/// however we end.
/// </remarks>
internal sealed class DataFolder : IDisposable
{
    private const string Marker = "counter-data";
    private const string MarkerText = "This folder belongs to `counter up`. `counter up --fresh` deletes everything in it.\n";

    private readonly FileStream _marker;

    private DataFolder(string path, FileStream marker)
    {
        Path = path;
        _marker = marker;
    }

    /// <summary>The full path.</summary>
    public string Path { get; }

    public string Azurite => In("azurite");

    public string Hub => In("hub");

    public string Logs => In("logs");

    public string ProcessesJson => In("processes.json");

    public string PortsJson => In("ports.json");

    /// <summary>Makes the folder if it is missing, and locks it.</summary>
    /// <exception cref="CommandFailedException">It is in use, or it holds something that is not ours.</exception>
    public static DataFolder Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (File.Exists(path)) throw new CommandFailedException($"{path} is a file; --data names a folder.");
        var marker = System.IO.Path.Combine(path, Marker);
        if (Directory.Exists(path) && !File.Exists(marker) && Directory.EnumerateFileSystemEntries(path).Any())
            throw new CommandFailedException($"{path} holds files that are not the data of a local counter. Choose another folder with --data.");
        Directory.CreateDirectory(path);
        return new(path, Lock(marker));
    }

    /// <summary>Deletes everything in it.</summary>
    public void Clear()
    {
        foreach (var entry in new DirectoryInfo(Path).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo folder) folder.Delete(recursive: true);
            else if (entry.Name is not Marker) entry.Delete();
        }
    }

    /// <summary>Where a process of this role logs. The log of the run before stays beside it as <c>*.previous.log</c>.</summary>
    public string Log(string role) => System.IO.Path.Combine(Logs, $"{role}.log");

    /// <summary>Sets the logs of the run before aside.</summary>
    public void BeginLogs()
    {
        Directory.CreateDirectory(Logs);
        foreach (var log in Directory.EnumerateFiles(Logs, "*.log").Where(log => !log.EndsWith(".previous.log", StringComparison.Ordinal)).ToArray())
            File.Move(log, System.IO.Path.ChangeExtension(log, ".previous.log"), overwrite: true);
    }

    public void Dispose() => _marker.Dispose();

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private static FileStream Lock(string marker)
    {
        FileStream file;
        try
        {
            file = new(marker, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure)
        {
            throw new CommandFailedException(
                $"{System.IO.Path.GetDirectoryName(marker)} is in use by another `counter up`. Stop it, or choose another folder with --data.", failure);
        }
        if (file.Length == 0)
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(MarkerText));
            file.Flush();
        }
        return file;
    }
}
