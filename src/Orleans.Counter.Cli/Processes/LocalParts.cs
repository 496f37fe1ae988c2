using System.Net.Sockets;

namespace Orleans.Counter.Cli.Processes;

/// <summary>The programs of a local service, and how they find each other: silos by the storage that they share.</summary>
internal sealed class LocalParts(DataFolder data, LocalPorts ports)
{
    // Everyone's key for Azurite, as documented: it protects nothing.
    private const string Account = "AccountName=devstoreaccount1;"
        + "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private const string CaptureNamespace = "local";

    private static readonly TimeSpan ProbeEvery = TimeSpan.FromMilliseconds(100);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    // Looked for before anything is started.
    private readonly string _devHub = Binary("Orleans.Counter.DevHub");
    private readonly string _service = Binary("Orleans.Counter.Service");

    public ChildSpec Azurite(string script) => new()
    {
        Role = "azurite",
        Program = Tool.Node("node"),
        Arguments =
        [
            script, "--location", data.Azurite, "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            "--blobPort", $"{ports.Blob}", "--queuePort", $"{ports.Queue}", "--tablePort", $"{ports.Table}",
        ],
        Url = Storage(ports.Table),
        Ready = async (_, cancellationToken) =>
        {
            foreach (var port in (int[])[ports.Blob, ports.Queue, ports.Table]) await Listening(port, cancellationToken);
            return Storage(ports);
        },
    };

    public ChildSpec DevHub(int partitions) => new()
    {
        Role = "devhub",
        Program = Tool.Dotnet(),
        Arguments =
        [
            _devHub, "--port", $"{ports.Hub}", "--data", data.Hub, "--hub", $"events:{partitions}",
            "--capture-storage", Storage(ports), "--capture-namespace", CaptureNamespace, "--capture-skip-empty", // What this key opens, everyone may open.
        ],
        Url = $"amqp://localhost:{ports.Hub}",
        Announcement = "ready ",
        Ready = async (process, cancellationToken) => await process.Announced.WaitAsync(cancellationToken),
    };

    /// <param name="number">From 1.</param>
    /// <param name="port">Where it answers over HTTP.</param>
    /// <param name="hub">The connection string of the event hub.</param>
    /// <param name="storage">The connection string of the storage.</param>
    public ChildSpec Silo(int number, int port, string? hub, string? storage) => new()
    {
        Role = $"silo{number}",
        Program = Tool.Dotnet(),
        Arguments = [_service, "--urls", SiloUrl(port)],
        Environment = new Dictionary<string, string>(Connections(hub, storage))
        {
            ["Silo__Port"] = $"{ports.Silos[number - 1].Silo}",
            ["Silo__GatewayPort"] = $"{ports.Silos[number - 1].Gateway}",
            // Hundreds of thousands of grains live long, and events die young: a nursery of 128 MB visits the grains far less often (docs/performance.md).
            ["DOTNET_GCgen0size"] = "0x8000000",
        },
        Url = SiloUrl(port),
        Ready = async (_, cancellationToken) =>
        {
            while (!await IsReady(port, cancellationToken)) await Task.Delay(ProbeEvery, cancellationToken);
            return null;
        },
    };

    /// <summary>The service, asked to count from another log instead of to run.</summary>
    public ChildSpec LogAdvance(bool acceptLoss, string? hub, string? storage) => new()
    {
        Role = "log-advance",
        Program = Tool.Dotnet(),
        Arguments = acceptLoss ? [_service, "log", "advance", "--accept-loss"] : [_service, "log", "advance"],
        Environment = Connections(hub, storage),
    };

    /// <summary>The service, asked about keys instead of to run.</summary>
    public static ChildSpec Keys(IReadOnlyList<string> verb, string? storage) => new()
    {
        Role = "keys",
        Program = Tool.Dotnet(),
        Arguments = [Binary("Orleans.Counter.Service"), "keys", .. verb],
        Environment = new Dictionary<string, string> { ["Storage__ConnectionString"] = storage ?? "" },
    };

    /// <summary>The connection string of a storage at these ports, or of a road to it.</summary>
    public static string Storage(LocalPorts ports) =>
        $"DefaultEndpointsProtocol=http;{Account};"
        + $"BlobEndpoint={Storage(ports.Blob)};QueueEndpoint={Storage(ports.Queue)};TableEndpoint={Storage(ports.Table)};";

    public static string SiloUrl(int port) => $"http://localhost:{port}";

    // Not arguments: everyone on the machine can read those, and connection strings hold keys.
    private static Dictionary<string, string> Connections(string? hub, string? storage) => new()
    {
        ["EventHubs__ConnectionString"] = hub ?? "",
        ["EventHubs__Name"] = "events",
        ["Storage__ConnectionString"] = storage ?? "",
        ["Capture__Container"] = "capture",
        ["Capture__Namespace"] = CaptureNamespace,
    };

    /// <summary>A program of ours, built beside us: <c>bin/{project}/{configuration}</c>.</summary>
    /// <exception cref="CommandFailedException">It is not there.</exception>
    private static string Binary(string project)
    {
        var ours = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var path = Path.Combine(ours.Parent?.Parent?.FullName ?? "/", project, ours.Name, $"{project}.dll");
        return File.Exists(path) ? path : throw new CommandFailedException($"{path} is missing. Build the solution: dotnet build.");
    }

    private static string Storage(int port) => $"http://127.0.0.1:{port}/devstoreaccount1";

    private static async Task<bool> IsReady(int port, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await Http.GetAsync($"{SiloUrl(port)}/health/ready", cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException || (failure is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false; // not listening yet, or too busy starting to answer
        }
    }

    private static async Task Listening(int port, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var socket = new TcpClient();
            try
            {
                await socket.ConnectAsync("127.0.0.1", port, cancellationToken);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(ProbeEvery, cancellationToken);
            }
        }
    }
}
