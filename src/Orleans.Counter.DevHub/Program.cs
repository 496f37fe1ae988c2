using System.CommandLine;
using System.Runtime.InteropServices;
using Orleans.Counter.Dev;

const int RetentionHoursMax = 100 * 366 * 24;

var port = new Option<int>("--port") { Description = "TCP port on 127.0.0.1 and ::1; 0 takes a free one.", DefaultValueFactory = _ => 5672 };
var data = new Option<string>("--data") { Description = "Folder of the data; made if it does not exist.", Required = true };
var hubs = new Option<string[]>("--hub") { Description = "A hub: name:partitions, or name:partitions:group,group to have these consumer groups only.", Required = true };
var keys = new Option<string[]>("--key") { Description = "A shared access key: name=value. Default: RootManageSharedAccessKey=SAS_KEY_VALUE." };
var controlPort = new Option<int?>("--control-port") { Description = "TCP port on 127.0.0.1 of /health and /faults; 0 takes a free one." };
var tls = new Option<bool>("--tls") { Description = "TLS on the same port, with a certificate made in the data folder." };
var geoOffsets = new Option<bool>("--geo-offsets") { Description = "Offsets of new events are no numbers, as in replicated namespaces." };
var retentionHours = new Option<double?>("--retention-hours") { Description = "Log files that hold nothing younger are removed. Default: kept." };
var retentionMegabytes = new Option<int?>("--retention-mb") { Description = "What a hub may take on disk before its oldest log files are removed, at least 8." };
var capture = new CaptureArguments();
var command = new RootCommand("An Event Hubs endpoint for laptops and CI.")
{
    port, data, hubs, keys, controlPort, tls, geoOffsets, retentionHours, retentionMegabytes,
};
capture.AddTo(command);
command.SetAction((parsed, cancellationToken) => Serve(
    new DevHubOptions
    {
        Port = parsed.GetValue(port),
        ControlPort = parsed.GetValue(controlPort),
        Tls = parsed.GetValue(tls),
        GeoOffsets = parsed.GetValue(geoOffsets),
        Retention = parsed.GetValue(retentionHours) is { } hours ? TimeSpan.FromHours(hours is > 0 and <= RetentionHoursMax ? hours : 0) : null,
        RetentionBytes = parsed.GetValue(retentionMegabytes) * 1024L * 1024,
        DataDirectory = parsed.GetRequiredValue(data),
        Report = Console.Error.WriteLine,
    },
    parsed.GetRequiredValue(hubs),
    parsed.GetValue(keys) ?? [],
    () => capture.Read(parsed),
    cancellationToken));

// Stops by itself on Ctrl-C and SIGTERM: the default would give it two seconds only.
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

static async Task<int> Serve(DevHubOptions options, string[] hubs, string[] keys, Func<CaptureOptions?> capture, CancellationToken cancellationToken)
{
    var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    try
    {
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

        options.Capture = capture();
        foreach (var key in keys)
        {
            if (key.Split('=', 2) is not [var name, var value] || !options.Keys.TryAdd(name, value))
                throw new ArgumentException($"'--key {key}' is not name=value, or the key is named twice.");
        }

        await using var devHub = await DevHub.StartAsync(options, cancellationToken);
        if (devHub.ControlPort is { } control)
            await Console.Error.WriteLineAsync($"control http://127.0.0.1:{control}");
        if (devHub.CertificatePath is { } certificate)
            await Console.Error.WriteLineAsync($"TLS on the same port, without UseDevelopmentEmulator: clients must trust {certificate}");
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
