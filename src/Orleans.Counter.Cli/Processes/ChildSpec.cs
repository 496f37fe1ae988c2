namespace Orleans.Counter.Cli.Processes;

/// <summary>A program to run beside us, the same way every time it is started.</summary>
internal sealed record ChildSpec
{
    /// <summary>Its name in messages, in <c>processes.json</c> and of its log.</summary>
    public required string Role { get; init; }

    /// <summary>The program, by its full path.</summary>
    public required string Program { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>What it finds in its environment besides ours.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where it answers.</summary>
    public string Url { get; init; } = "";

    /// <summary>A line of its standard output that begins so completes <see cref="ChildProcess.Announced"/>; null: it has nothing to say.</summary>
    public string? Announcement { get; init; }

    /// <summary>Completes when the process can be used, with its connection string if it has one.</summary>
    public Func<ChildProcess, CancellationToken, Task<string?>> Ready { get; init; } = (_, _) => Task.FromResult<string?>(null);
}
