using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Orleans.Counter.Dev.Capture;
using Orleans.Counter.Dev.Control;
using Orleans.Counter.Dev.Faults;
using Orleans.Counter.Dev.Hubs;
using Orleans.Counter.Dev.Log;
using Orleans.Counter.Dev.Protocol;

namespace Orleans.Counter.Dev;

/// <summary>An Event Hubs endpoint for laptops and CI: AMQP 1.0 on loopback, events in durable log files.</summary>
/// <remarks>An event is accepted when it is on disk, and then survives whatever ends the process.</remarks>
public sealed partial class DevHub : IAsyncDisposable
{
    private const int CacheBytesMax = 4 * 1024 * 1024;
    private const int IntakeBytesMax = 64 * 1024 * 1024;
    private const long FileBytesMin = 1024 * 1024;
    private const int FilesPerPartition = 4;

    private const byte TlsHandshake = 22;

    private static readonly TimeSpan HandshakeMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GoodbyeMax = TimeSpan.FromSeconds(2);

    private readonly LoopbackListener _listener;
    private readonly FileStream _lock;
    private readonly Endpoint _endpoint;
    private readonly X509Certificate2? _certificate;
    private readonly ConcurrentDictionary<ClientConnection, bool> _connections = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _chores = [];
    private ControlApi? _control;
    private CaptureLoop? _capture;
    private int _disposed;

    private DevHub(LoopbackListener listener, FileStream folderLock, Endpoint endpoint, X509Certificate2? certificate, string folder)
    {
        (_listener, _lock, _endpoint, _certificate) = (listener, folderLock, endpoint, certificate);
        CertificatePath = certificate is null ? null : LocalCertificate.PathIn(folder);
        var (name, value) = endpoint.Keys.First();
        ConnectionString = string.Create(
            CultureInfo.InvariantCulture,
            $"Endpoint=sb://localhost:{Port};SharedAccessKeyName={name};SharedAccessKey={value};UseDevelopmentEmulator=true");
    }

    /// <summary>What Event Hubs clients connect with.</summary>
    public string ConnectionString { get; }

    /// <summary>The TCP port that it listens on.</summary>
    public int Port => _listener.Port;

    /// <summary>The TCP port of the control API; null without one.</summary>
    public int? ControlPort => _control?.Port;

    /// <summary>The certificate, in PEM, that clients must trust to come over TLS; null without TLS.</summary>
    public string? CertificatePath { get; }

    /// <summary>What goes wrong on purpose.</summary>
    public FaultPlan Faults => _endpoint.Faults;

    /// <summary>Opens the data, checks what was written last, and serves when this returns.</summary>
    /// <exception cref="ArgumentException">An option is not acceptable.</exception>
    /// <exception cref="IOException">The port or the data folder is in use, or an accepted event is not in its file any more.</exception>
    /// <exception cref="InvalidDataException">A hub exists with another number of partitions.</exception>
    public static async Task<DevHub> StartAsync(DevHubOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        var hub = await Task.Run(() => Open(options, cancellationToken), cancellationToken).ConfigureAwait(false);
        try
        {
            if (options.ControlPort is { } port)
                hub._control = await ControlApi.Start(port, hub.Faults, hub.Health, cancellationToken).ConfigureAwait(false);
            hub.StartChores(options);
            hub._listener.Start(socket => _ = hub.Serve(socket));
            return hub;
        }
        catch
        {
            await hub.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes no more connections, writes what was taken, says goodbye to the clients, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _listener.Dispose();
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_control is not null)
            await _control.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_chores).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Run(() => Close(_endpoint.Hubs.Values)).ConfigureAwait(false);
        foreach (var connection in _connections.Keys)
            connection.Close();
        var all = Task.WhenAll(_connections.Keys.Select(connection => connection.Closed));
        await Task.WhenAny(all, Task.Delay(GoodbyeMax)).ConfigureAwait(false);
        foreach (var connection in _connections.Keys)
            connection.Abort();
        await _lock.DisposeAsync().ConfigureAwait(false);
        _certificate?.Dispose();
        _stopping.Dispose();
    }

    private static DevHub Open(DevHubOptions options, CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(options.DataDirectory);
        Directory.CreateDirectory(folder);
        var folderLock = Lock(folder);
        var hubs = new Dictionary<string, Hub>(StringComparer.OrdinalIgnoreCase);
        try
        {
            var catalog = HubCatalog.Open(folder);
            foreach (var (name, partitions) in options.Hubs)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var fileBytesMax = FileBytesMax(options, partitions);
                var settings = new LogSettings(fileBytesMax, CacheBytesMax, options.TimeProvider, RandomAccess.FlushToDisk, options.Report);
                var groups = new ConsumerGroups(options.ConsumerGroups.TryGetValue(name, out var declared) ? declared : []);
                hubs.Add(name, Hub.Open(catalog, name, partitions, new HubStyle(groups, options.GeoOffsets), settings));
            }

            var keys = options.Keys.Count > 0
                ? new Dictionary<string, string>(options.Keys)
                : new Dictionary<string, string> { ["RootManageSharedAccessKey"] = "SAS_KEY_VALUE" };
            var faults = new FaultPlan(hubs.Keys);
            var endpoint = new Endpoint(hubs, keys, new IntakeBudget(IntakeBytesMax), faults, options.TimeProvider, options.Report);
            var certificate = options.Tls ? LocalCertificate.Open(folder, options.TimeProvider) : null;
            return new DevHub(LoopbackListener.Open(options.Port), folderLock, endpoint, certificate, folder);
        }
        catch
        {
            Close(hubs.Values);
            folderLock.Dispose();
            throw;
        }
    }

    // A file goes as a whole, and the last one stays: of a bound that allows for little, files take a small part.
    private static long FileBytesMax(DevHubOptions options, int partitions) => options.RetentionBytes is { } bytesMax
        ? Math.Min(options.LogFileBytesMax, Math.Max(FileBytesMin, bytesMax / partitions / FilesPerPartition))
        : options.LogFileBytesMax;

    private void StartChores(DevHubOptions options)
    {
        var hubs = _endpoint.Hubs.Values.ToList();
        if (options.Capture is { } capture)
            StartCapture(hubs, capture, options);

        // After capture, which says what must not be removed yet.
        if (options.Retention is not null || options.RetentionBytes is not null)
        {
            var retention = new Retention(hubs, options.Retention, options.RetentionBytes, options.TimeProvider, options.Report);
            _chores.Add(Task.Run(() => retention.Run(_stopping.Token)));
        }
    }

    // By itself: who does not capture does not load the storage client.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void StartCapture(List<Hub> hubs, CaptureOptions capture, DevHubOptions options)
    {
        var name = new BlobName(capture.NameFormat, capture.Namespace);
        var settings = new CaptureSettings(name, capture.Window, capture.WindowBytesMax, capture.SkipEmptyArchives, options.TimeProvider);
        _capture = new CaptureLoop(hubs, settings, new BlobArchive(capture), options.Report);
        _chores.Add(Task.Run(() => _capture.Run(_stopping.Token)));
    }

    private async Task Serve(Socket socket)
    {
        socket.NoDelay = true;
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (_certificate is not null)
        {
            try
            {
                stream = await Secure(socket, stream, _certificate).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or SocketException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
            {
                // It does not trust us, or has nothing to say.
                await stream.DisposeAsync().ConfigureAwait(false);
                return;
            }
        }

        var connection = new ClientConnection(stream, _endpoint);
        _connections[connection] = true;
        _ = connection.Closed.ContinueWith(_ => _connections.TryRemove(connection, out var _), TaskScheduler.Default);
        connection.Open();
        if (_disposed != 0)
            connection.Abort(); // it came as the last ones were told goodbye
    }

    // One port for both: a client that wants TLS begins with its handshake, every other one with the name of its protocol.
    private async Task<Stream> Secure(Socket socket, Stream stream, X509Certificate2 certificate)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        patience.CancelAfter(HandshakeMax);
        var first = new byte[1];
        if (await socket.ReceiveAsync(first, SocketFlags.Peek, patience.Token).ConfigureAwait(false) == 0 || first[0] != TlsHandshake)
            return stream;
        var secure = new SslStream(stream);
        await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, patience.Token).ConfigureAwait(false);
        return secure;
    }

    private Health Health() => new(
        [.. from hub in _endpoint.Hubs.Values from log in hub.Partitions where log.Failure is not null select log.Failure],
        _capture?.Troubles ?? []);

    private static void Close(IEnumerable<Hub> hubs)
    {
        foreach (var hub in hubs)
            hub.Dispose();
    }

    // Two processes that append to the same file would each overwrite what the other has accepted.
    private static FileStream Lock(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "devhub.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"The data folder '{folder}' is in use by another process: {e.Message}", e);
        }
    }
}
