using System.CommandLine;

namespace Orleans.Counter.Dev;

/// <summary>What the command line says of capture.</summary>
internal sealed class CaptureArguments
{
    private readonly Option<string> _storage = new("--capture-storage")
    {
        Description = "Connection string of the account that all events are copied to, as Avro files.",
    };

    private readonly Option<string> _container = new("--capture-container")
    {
        Description = "Container of captured files; made if it is not there.",
        DefaultValueFactory = _ => "capture",
    };

    private readonly Option<string> _namespace = new("--capture-namespace")
    {
        Description = "What {Namespace} is in the names of captured files.",
        DefaultValueFactory = _ => "devhub",
    };

    private readonly Option<string?> _name = new("--capture-name")
    {
        Description = "Name of captured files, with all of {Namespace} {EventHub} {PartitionId} {Year} {Month} {Day} {Hour} {Minute} {Second}.",
    };

    private readonly Option<int> _minutes = new("--capture-minutes")
    {
        Description = "A captured file is ended after this time, 1 to 15.",
        DefaultValueFactory = _ => 5,
    };

    private readonly Option<int> _megabytes = new("--capture-mb")
    {
        Description = "A captured file is ended at this size, 10 to 500.",
        DefaultValueFactory = _ => 300,
    };

    private readonly Option<bool> _skipEmpty = new("--capture-skip-empty")
    {
        Description = "No file for a partition without events.",
    };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _storage, _container, _namespace, _name, _minutes, _megabytes, _skipEmpty })
            command.Add(option);
    }

    /// <returns>Null if nothing is to be captured.</returns>
    /// <exception cref="ArgumentException">A window that the service would not take.</exception>
    public CaptureOptions? Read(ParseResult parsed)
    {
        if (parsed.GetValue(_storage) is not { } storage)
            return null;
        var (minutes, megabytes) = (parsed.GetValue(_minutes), parsed.GetValue(_megabytes));
        if (minutes is < 1 or > 15 || megabytes is < 10 or > 500)
            throw new ArgumentException($"--capture-minutes must be 1 to 15 and --capture-mb 10 to 500, not {minutes} and {megabytes}.");
        var options = new CaptureOptions
        {
            ConnectionString = storage,
            Container = parsed.GetValue(_container)!,
            Namespace = parsed.GetValue(_namespace)!,
            Window = TimeSpan.FromMinutes(minutes),
            WindowBytesMax = megabytes * 1024L * 1024,
            SkipEmptyArchives = parsed.GetValue(_skipEmpty),
        };
        options.NameFormat = parsed.GetValue(_name) ?? options.NameFormat;
        return options;
    }
}
