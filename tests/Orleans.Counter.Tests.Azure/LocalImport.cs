using Orleans.Counter.Cli.Processes;

namespace Orleans.Counter.Tests.Azure;

/// <summary><c>counter import</c> as a user runs it: in a process of its own.</summary>
public sealed class LocalImport : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly ChildProcess _process;
    private readonly string _output;

    /// <summary>Starts it.</summary>
    public LocalImport(string file, long scale, Uri url)
    {
        _output = Path.GetTempFileName();
        _process = ChildProcess.Start(
            new()
            {
                Role = "import",
                Program = Tool.Dotnet(),
                Arguments = [LocalCounter.Program, "import", file, "--scale", $"{scale}", "--url", $"{url}"],
                Announcement = "Sent ",
            },
            _output);
    }

    /// <summary>True until it has ended.</summary>
    public bool IsRunning => !_process.Exited.IsCompleted;

    /// <summary>Completes when the first events are sent: about a tenth of all.</summary>
    public Task FirstTenth() => _process.Announced.WaitAsync(Patience);

    /// <summary>Waits for its end.</summary>
    /// <returns>What it has printed.</returns>
    /// <exception cref="InvalidOperationException">It has not ended well.</exception>
    public async Task<string> Succeeds()
    {
        var exit = await _process.Exited.WaitAsync(Patience);
        var output = await File.ReadAllTextAsync(_output);
        return exit.Code is 0 ? output : throw new InvalidOperationException($"`counter import`: {exit}. It said:\n{output}");
    }

    /// <summary>Ends it if it still runs.</summary>
    public void Dispose()
    {
        _process.Stop().GetAwaiter().GetResult();
        _process.Dispose();
        File.Delete(_output);
    }
}
