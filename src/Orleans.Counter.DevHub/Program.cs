using System.CommandLine;
using System.Runtime.InteropServices;
using Orleans.Counter.Dev;

var port = new Option<int>("--port") { Description = "TCP port on 127.0.0.1 and ::1; 0 takes a free one.", DefaultValueFactory = _ => 5672 };
var data = new Option<string>("--data") { Description = "Folder of the data; made if it does not exist.", Required = true };
var hubs = new Option<string[]>("--hub") { Description = "A hub: name:partitions, or name:partitions:group,group to have these consumer groups only.", Required = true };
var keys = new Option<string[]>("--key") { Description = "A shared access key: name=value. Default: RootManageSharedAccessKey=SAS_KEY_VALUE." };
var command = new RootCommand("An Event Hubs endpoint for laptops and CI.") { port, data, hubs, keys };
command.SetAction((parsed, cancellationToken) => Serve(
    parsed.GetValue(port), parsed.GetRequiredValue(data), parsed.GetRequiredValue(hubs), parsed.GetValue(keys) ?? [], cancellationToken));

// Stops by itself on Ctrl-C and SIGTERM: the default would give it two seconds only.
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

static async Task<int> Serve(int port, string data, string[] hubs, string[] keys, CancellationToken cancellationToken)
{
    var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    try
    {
        var options = new DevHubOptions { Port = port, DataDirectory = data, Report = Console.Error.WriteLine };
        foreach (var hub in hubs)
        {
            if (hub.Split(':') is not [var name, var count, .. { Length: <= 1 } groups]
                || !int.TryParse(count, out var partitions) || !options.Hubs.TryAdd(name, partitions))
            {
                throw new ArgumentException($"'--hub {hub}' is not name:partitions or name:partitions:group,group, or the hub is named twice.");
            }

            if (groups is [var declared])
                options.ConsumerGroups[name] = declared.Split(',');
        }

        foreach (var key in keys)
        {
            if (key.Split('=', 2) is not [var name, var value] || !options.Keys.TryAdd(name, value))
                throw new ArgumentException($"'--key {key}' is not name=value, or the key is named twice.");
        }

        await using var devHub = await DevHub.StartAsync(options, cancellationToken);
        Console.WriteLine($"ready {devHub.ConnectionString}");
        await stopping.Task;
        return 0;
    }
    catch (Exception e) when (e is ArgumentException or IOException or InvalidDataException or UnauthorizedAccessException)
    {
        await Console.Error.WriteLineAsync(e.Message);
        return 1;
    }

    void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        stopping.TrySetResult();
    }
}
