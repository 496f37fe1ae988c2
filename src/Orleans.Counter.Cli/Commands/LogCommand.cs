using System.CommandLine;
using Orleans.Counter.Cli.Processes;

namespace Orleans.Counter.Cli.Commands;

/// <summary><c>counter log advance</c>: a local service counts from another event hub than before.</summary>
internal static class LogCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "The folder of the local service, which must not run.", DefaultValueFactory = _ => ".local" };
        var partitions = new Option<int>("--partitions") { Description = "Partitions of the event hub, as `counter up` will be given them.", DefaultValueFactory = _ => 4 };
        var acceptLoss = new Option<bool>("--accept-loss") { Description = "Also if the old log holds messages that were not counted." };
        var advance = new Command("advance", "Counts from a new event hub from now on, after the old one was lost, replaced, or given more partitions.") { data, partitions, acceptLoss };
        advance.SetAction((parsed, cancellationToken) => Advance(
            parsed.GetRequiredValue(data), parsed.GetValue(partitions), parsed.GetValue(acceptLoss),
            TextWriter.Synchronized(parsed.InvocationConfiguration.Output), cancellationToken));
        return new("log", "The log that is counted.") { advance };
    }

    private static async Task<int> Advance(string folder, int partitions, bool acceptLoss, TextWriter output, CancellationToken cancellationToken)
    {
        using var data = DataFolder.Open(folder);
        await LeftOvers.Stop(data, output.WriteLine, cancellationToken);
        data.BeginLogs();
        var parts = new LocalParts(data, LocalPorts.Choose(data.PortsJson, [], silos: 1));
        var azurite = parts.Azurite(await AzuriteInstall.Ensure(data.Log("npm"), data.Path, output.WriteLine, cancellationToken));

        using var supervisor = new Supervisor(new(data.ProcessesJson), data.Log, output.WriteLine, restart: false, TimeProvider.System);
        try
        {
            var storage = supervisor.Start(azurite, cancellationToken);
            var hub = supervisor.Start(parts.DevHub(partitions), cancellationToken);
            await Task.WhenAll(storage, hub);
            using var service = ChildProcess.Start(parts.LogAdvance(acceptLoss, await hub, await storage), data.Log("log-advance"));
            var exit = await service.Exited.WaitAsync(cancellationToken);
            foreach (var line in service.LastLines) await output.WriteLineAsync(line);
            return exit.Code;
        }
        finally
        {
            await supervisor.Stop();
        }
    }
}
