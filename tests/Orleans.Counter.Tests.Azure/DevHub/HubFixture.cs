using Orleans.Counter.Dev;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Dev;

/// <summary>An endpoint in this process, with a folder of its own; every test takes a partition or a hub that nobody else uses.</summary>
public sealed class HubFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devhub-").FullName;
    private int _hubs;

    public DevHub Hub { get; private set; } = null!;

    public int Port => Hub.Port;

    /// <summary>The name of a hub with four empty partitions.</summary>
    public string NewHub() => "hub" + Interlocked.Increment(ref _hubs);

    public async ValueTask InitializeAsync()
    {
        var options = new DevHubOptions { Port = 0, ControlPort = 0, DataDirectory = _folder };
        for (var i = 1; i <= 40; i++)
            options.Hubs.Add("hub" + i, 4);
        Hub = await DevHub.StartAsync(options, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
