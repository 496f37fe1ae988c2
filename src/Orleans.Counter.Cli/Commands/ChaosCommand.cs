using System.CommandLine;
using System.Globalization;
using Orleans.Counter.Cli.Chaos;
using Orleans.Counter.Cli.Load;
using Orleans.Counter.Cli.Processes;

namespace Orleans.Counter.Cli.Commands;

/// <summary><c>counter chaos</c>: a service of its own, a load, everything that can break, and whether every event was counted once.</summary>
internal static class ChaosCommand
{
    private const int SilosMax = 9;
    private const int Partitions = 4;
    private const int Videos = 1_000;

    private static readonly TimeSpan ClocksApart = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(5);

    private sealed record Options(int Silos, TimeSpan Length, int Rate, int Seed, string? Data);

    public static Command Create()
    {
        var silos = new Option<int>("--silos") { Description = $"How many silos, 1 to {SilosMax}.", DefaultValueFactory = _ => 3 };
        var minutes = LoadCommand.Minutes(defaultValue: 10, min: ChaosPlan.LengthMin.TotalMinutes);
        var rate = LoadCommand.Rate(defaultValue: 5_000);
        var seed = LoadCommand.Seed("The same seed draws the same events and the same faults.");
        var data = new Option<string?>("--data")
        {
            Description = "The folder that keeps data and logs; what is in it is deleted first. Without it: a temporary one, kept if the verdict is not exact.",
        };
        silos.Require(1, SilosMax);

        var command = new Command(
            "chaos", "Starts everything, sends events while parts of it are killed, frozen and cut off, and checks that each was counted once.")
        {
            minutes, silos, rate, seed, data,
        };
        command.SetAction((parsed, cancellationToken) => Run(
            new(parsed.GetValue(silos), TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(rate), parsed.GetValue(seed), parsed.GetValue(data)),
            TextWriter.Synchronized(parsed.InvocationConfiguration.Output), cancellationToken));
        return command;
    }

    private static async Task<int> Run(Options options, TextWriter output, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
            throw new CommandFailedException("`counter chaos` works by signals, which Windows does not have: run it in WSL, on Linux or on macOS.");

        var folder = options.Data ?? Directory.CreateTempSubdirectory("counter-chaos-").FullName;
        var isExact = false;
        using (var data = DataFolder.Open(folder))
        {
            await LeftOvers.Stop(data, output.WriteLine, cancellationToken);
            data.Clear();
            data.BeginLogs();
            void Say(string what) => output.WriteLine($"{DateTimeOffset.UtcNow:HH:mm:ss.fff}  {what}");
            var what = string.Create(
                CultureInfo.InvariantCulture, $"{options.Silos} silos, {options.Rate:N0} events/s for {options.Length.TotalMinutes:0.##} minutes");
            Say($"Seed {options.Seed}: {what}. Data and logs: {data.Path}");
            isExact = await Run(options, data, Say, cancellationToken);
        }

        if (options.Data is null && isExact) Directory.Delete(folder, recursive: true);
        else await output.WriteLineAsync($"Data and logs are kept in {folder}.");
        return isExact ? 0 : 1;
    }

    private static async Task<bool> Run(Options options, DataFolder data, Action<string> say, CancellationToken cancellationToken)
    {
        var urls = LocalPorts.FreePorts().Take(options.Silos).ToArray();
        var ports = LocalPorts.Choose(data.PortsJson, urls, options.Silos);
        var parts = new LocalParts(data, ports);
        var azurite = parts.Azurite(await AzuriteInstall.Ensure(data.Log("npm"), data.Path, say, cancellationToken));
        var weather = new Weather();
        using var supervisor = new Supervisor(new(data.ProcessesJson), data.Log, say, restart: true, TimeProvider.System);
        await using var tables = new StormyRoad(ports.Table, weather);
        await using var blobs = new StormyRoad(ports.Blob, weather);
        try
        {
            var storage = supervisor.Start(azurite, cancellationToken);
            var hub = supervisor.Start(parts.DevHub(Partitions), cancellationToken);
            await Task.WhenAll(storage, hub, tables.Open(), blobs.Open());
            var road = LocalParts.Storage(ports with { Table = tables.Port, Blob = blobs.Port });
            var hubString = await hub;
            await supervisor.StartTogether(urls.Select((port, i) => Silo(parts, i + 1, port, hubString, road, Ahead(i, options.Silos))), cancellationToken);

            var chaos = new ChaosRun(supervisor, [.. urls.Select(port => new Uri(LocalParts.SiloUrl(port)))], weather, data, say);
            var plan = new LoadPlan(new("chaos", DateTimeOffset.UtcNow, options.Length, options.Rate, Videos, Zipf: 1, Repeats: 0.05, options.Seed));
            var clocks = Enumerable.Range(0, options.Silos).Select(i => $"{Ahead(i, options.Silos).TotalSeconds:+0;-0;0} s");
            say($"Ready; the silos' clocks are ahead by {string.Join(", ", clocks)}.");
            return await chaos.Run(plan, ChaosPlan.Draw(options.Length, options.Silos, options.Seed), ReadyWithin, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            say("Stopping ...");
            throw;
        }
        finally
        {
            weather.Now = null;
            await supervisor.Stop();
        }
    }

    private static ChildSpec Silo(LocalParts parts, int number, int port, string? hub, string storage, TimeSpan ahead)
    {
        var silo = parts.Silo(number, port, hub, storage);
        var environment = new Dictionary<string, string>(silo.Environment) { ["Clock__Ahead"] = ahead.ToString("c", CultureInfo.InvariantCulture) };
        return silo with { Environment = environment };
    }

    // From half of it behind to half of it ahead: nobody is so far behind that an event of now is too far in his future.
    private static TimeSpan Ahead(int index, int silos) => silos is 1 ? TimeSpan.Zero : ClocksApart * ((double)index / (silos - 1) - 0.5);
}
