using System.CommandLine;
using System.Diagnostics;
using Orleans.Counter.Cli.Processes;

namespace Orleans.Counter.Cli.Commands;

/// <summary><c>counter keys</c>: who may call a local service. It does not matter whether one runs.</summary>
internal static class KeysCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "The folder of the local service.", DefaultValueFactory = _ => ".local" };
        var name = new Option<string>("--name") { Description = "Who has the key.", Required = true };
        var scopes = new Option<string?>("--scopes") { Description = "What a secret key may do, with commas between: ingest, read, manage, admin." };
        var origins = new Option<string?>("--origins") { Description = "Makes a publishable key instead, for pages of these origins to send events: https://www.example.com." };
        var expires = new Option<string?>("--expires") { Description = "From when on it is good for nothing: 2027-06-30T00:00:00Z." };
        var create = new Command("create", "Makes a key, and shows it once.") { data, name, scopes, origins, expires };
        create.SetAction((parsed, cancellationToken) => Run(
            parsed.GetRequiredValue(data),
            ["create", "--name", parsed.GetRequiredValue(name), .. Given(parsed, scopes), .. Given(parsed, origins), .. Given(parsed, expires)], cancellationToken));
        var list = new Command("list", "Shows all keys, without their secrets.") { data };
        list.SetAction((parsed, cancellationToken) => Run(parsed.GetRequiredValue(data), ["list"], cancellationToken));
        var id = new Argument<string>("id") { Description = "The key's id, as `counter keys list` shows it." };
        var revoke = new Command("revoke", "Takes a key back, for good. Everywhere within 30 seconds.") { data, id };
        revoke.SetAction((parsed, cancellationToken) => Run(parsed.GetRequiredValue(data), ["revoke", parsed.GetRequiredValue(id)], cancellationToken));
        return new("keys", "Who may call.") { create, list, revoke };
    }

    private static string[] Given(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) is { } value ? [option.Name, value] : [];

    private static async Task<int> Run(string folder, string[] verb, CancellationToken cancellationToken)
    {
        // A service that runs holds the folder, and its storage can be used beside it.
        if (ProcessesFile.Read(Path.Combine(folder, "processes.json")).FirstOrDefault(process => process.Role == "azurite") is { ConnectionString: { } running } storage && IsAlive(storage.Pid))
            return await Run(LocalParts.Keys(verb, running), cancellationToken);
        using var data = DataFolder.Open(folder);
        await LeftOvers.Stop(data, Console.Error.WriteLine, cancellationToken);
        data.BeginLogs();
        var parts = new LocalParts(data, LocalPorts.Choose(data.PortsJson, [], silos: 1));
        var azurite = parts.Azurite(await AzuriteInstall.Ensure(data.Log("npm"), data.Path, Console.Error.WriteLine, cancellationToken));
        using var supervisor = new Supervisor(new(data.ProcessesJson), data.Log, Console.Error.WriteLine, restart: false, TimeProvider.System);
        try
        {
            return await Run(LocalParts.Keys(verb, await supervisor.Start(azurite, cancellationToken)), cancellationToken);
        }
        finally
        {
            await supervisor.Stop();
        }
    }

    // It speaks for itself, on our output, and into no log: what it says may be a secret.
    private static async Task<int> Run(ChildSpec spec, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(spec.Program, spec.Arguments);
        foreach (var (name, value) in spec.Environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
