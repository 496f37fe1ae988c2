using Azure.Data.Tables;
using Orleans.Counter.Cli.Processes;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Cli;

public sealed class AzuriteInstallTests
{
    [Fact]
    public async Task Azurite_runs_as_our_lock_file_installs_it_and_keeps_what_it_has_when_asked_to_stop()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var folder = Directory.CreateTempSubdirectory().FullName;
        using (var data = DataFolder.Open(Path.Combine(folder, "data")))
        {
            data.BeginLogs();
            var azurite = new LocalParts(data, LocalPorts.Choose(data.PortsJson, [5080], silos: 1))
                .Azurite(await AzuriteInstall.Ensure(data.Log("npm"), folder, _ => { }, cancellationToken));

            for (var run = 0; run < 2; run++)
            {
                using var supervisor = new Supervisor(new(data.ProcessesJson), data.Log, _ => { }, restart: false, TimeProvider.System);
                var table = new TableClient(await supervisor.Start(azurite, cancellationToken), "kept");
                if (run is 0)
                {
                    await table.CreateAsync(cancellationToken);
                    await table.AddEntityAsync(new TableEntity("p", "r"), cancellationToken);
                }
                else Assert.NotNull(await table.GetEntityAsync<TableEntity>("p", "r", cancellationToken: cancellationToken));
                Assert.True(await supervisor.Stop());
            }
        }
        Directory.Delete(folder, recursive: true);
    }
}
