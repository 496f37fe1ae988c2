using System.CommandLine;
using Orleans.Counter.Cli.Processes;

namespace Orleans.Counter.Cli.Commands;

/// <summary><c>counter up</c>: the whole service on this machine.</summary>
internal static class UpCommand
{
    private const int SilosMax = 9;

    private sealed record Options(int Silos, int Port, string Data, int Partitions, bool Fresh, bool Restart)
    {
        /// <summary>Where the silos answer, the first one first.</summary>
        public IEnumerable<int> Ports => Enumerable.Range(Port, Silos);
    }

    public static Command Create()
    {
        var silos = new Option<int>("--silos") { Description = $"How many silos to start, 1 to {SilosMax}.", DefaultValueFactory = _ => 1 };
        var port = new Option<int>("--port")
        {
            Description = "Where the first silo answers, on localhost; the second answers on the port after it, and so on.",
            DefaultValueFactory = _ => 5080,
        };
        var data = new Option<string>("--data") { Description = "The folder that keeps data, ports and logs.", DefaultValueFactory = _ => ".local" };
        var partitions = new Option<int>("--partitions")
        {
            Description = "Partitions of the event hub, 1 to 32; fixed once there is data.",
            DefaultValueFactory = _ => 4,
        };
        var fresh = new Option<bool>("--fresh") { Description = "Deletes what earlier runs have left in the data folder." };
        var noRestart = new Option<bool>("--no-restart") { Description = "Reports a process that dies or ends, but does not start it again." };
        RequireRange(silos, 1, SilosMax);
        RequireRange(port, 1, 65_535 - SilosMax + 1);
        RequireRange(partitions, 1, 32);

        var command = new Command("up", "Starts storage (Azurite), event hub (DevHub) and service on this machine, until Ctrl-C.")
        {
            silos, port, data, partitions, fresh, noRestart,
        };
        command.SetAction((parsed, cancellationToken) => Run(
            new(parsed.GetValue(silos), parsed.GetValue(port), parsed.GetRequiredValue(data), parsed.GetValue(partitions), parsed.GetValue(fresh), !parsed.GetValue(noRestart)),
            TextWriter.Synchronized(parsed.InvocationConfiguration.Output), cancellationToken));
        return command;
    }

    private static void RequireRange(Option<int> option, int min, int max) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() < min || result.GetValueOrDefault<int>() > max) result.AddError($"{option.Name} goes from {min} to {max}.");
    });

    private static async Task<int> Run(Options options, TextWriter output, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
            throw new CommandFailedException("`counter up` stops its processes by signals, which Windows does not have: run it in WSL, on Linux or on macOS.");

        using var data = DataFolder.Open(options.Data);
        Supervisor? supervisor = null;
        var stopped = true;
        try
        {
            await LeftOvers.Stop(data, output.WriteLine, cancellationToken);
            if (options.Fresh) data.Clear();
            data.BeginLogs();
            if (options.Ports.Where(port => !LocalPorts.IsFree(port)).ToArray() is { Length: > 0 } taken)
                throw new CommandFailedException($"In use already: port {string.Join(", ", taken)}. Free it, or choose another with --port.");
            var parts = new LocalParts(data, LocalPorts.Choose(data.PortsJson, options.Ports, options.Silos));
            var azurite = parts.Azurite(await AzuriteInstall.Ensure(data.Log("npm"), data.Path, output.WriteLine, cancellationToken));

            supervisor = new(new(data.ProcessesJson), data.Log, output.WriteLine, options.Restart, TimeProvider.System);
            await Start(supervisor, parts, azurite, options, data, output, cancellationToken);
            await supervisor.Watch(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await output.WriteLineAsync("Stopping ...");
        }
        finally
        {
            if (supervisor is not null) stopped = await supervisor.Stop();
            supervisor?.Dispose();
        }
        await output.WriteLineAsync(stopped ? "Stopped; the data is kept." : "Stopped, but not cleanly.");
        return stopped ? 0 : 1;
    }

    private static async Task Start(
        Supervisor supervisor, LocalParts parts, ChildSpec azurite, Options options, DataFolder data, TextWriter output, CancellationToken cancellationToken)
    {
        var storage = supervisor.Start(azurite, cancellationToken);
        var hub = supervisor.Start(parts.DevHub(options.Partitions), cancellationToken);
        await Task.WhenAll(storage, hub);

        // Together. Nothing in a silo minds another that starts beside it: whoever comes second finds the tables and the row of the log made, and takes them as
        // they are. One after the other would take as many times longer, and the first one would begin to read every partition only to give most of them away.
        var (hubString, storageString) = (await hub, await storage);
        await supervisor.StartTogether(options.Ports.Select((port, i) => parts.Silo(i + 1, port, hubString, storageString)), cancellationToken);

        // Plain text in one piece: Spectre would wrap it at the terminal's width, and nobody could copy it.
        var url = LocalParts.SiloUrl(options.Port);
        await output.WriteLineAsync($"""

            Ready: {string.Join(" ", options.Ports.Select(LocalParts.SiloUrl))}

              event hub   {hubString}
              storage     {storageString}
              data        {data.Path} (logs in logs/, processes in processes.json)

            Count a view, and ask for it:

              curl -X POST {url}/v1/videos/kittens/views
              curl {url}/v1/videos/kittens/count

            Ctrl-C stops everything and keeps the data.
            """);
    }
}
