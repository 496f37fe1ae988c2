using Orleans.Counter.Cli.Processes;
using Xunit;

[assembly: AssemblyFixture(typeof(Orleans.Counter.Tests.Azure.Storage.Azurite))]

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>One Azurite for all tests of the assembly, started at the first need. Each store gets an account of its own in it, which is empty.</summary>
public sealed class Azurite : IAsyncDisposable
{
    private const int Accounts = 200;
    private const string Key = "dGVzdHM="; // It protects nothing.

    private readonly string _folder = Directory.CreateTempSubdirectory("azurite-").FullName;
    private readonly Lazy<Task<(ChildProcess Process, LocalPorts Ports)>> _running;
    private int _accountsGiven;

    public Azurite() => _running = new(Start);

    /// <summary>An account that holds nothing.</summary>
    internal async Task<StorageAccount> NewAccount()
    {
        var (_, ports) = await _running.Value;
        var number = Interlocked.Increment(ref _accountsGiven);
        if (number >= Accounts) throw new InvalidOperationException($"All {Accounts} accounts are given; start Azurite with more.");
        return new(Name(number), Key, ports.Table, ports.Blob);
    }

    public async ValueTask DisposeAsync()
    {
        if (_running.IsValueCreated)
        {
            using var process = (await _running.Value).Process;
            await process.Stop(); // By SIGTERM: it ends in peace.
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string Name(int number) => $"account{number}";

    private async Task<(ChildProcess, LocalPorts)> Start()
    {
        using var data = DataFolder.Open(Path.Combine(_folder, "data"));
        data.BeginLogs();
        var ports = LocalPorts.Choose(data.PortsJson, [], silos: 1);
        var script = await AzuriteInstall.Ensure(data.Log("npm"), data.Path, _ => { }, CancellationToken.None);
        var spec = new LocalParts(data, ports).Azurite(script) with
        {
            Environment = new Dictionary<string, string>
            {
                ["AZURITE_ACCOUNTS"] = string.Join(';', Enumerable.Range(0, Accounts).Select(number => $"{Name(number)}:{Key}")),
            },
        };
        var process = ChildProcess.Start(spec, data.Log(spec.Role));
        await spec.Ready(process, CancellationToken.None);
        return (process, ports);
    }
}
