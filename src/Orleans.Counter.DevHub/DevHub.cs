using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
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
    private const int PartitionsMax = 1024;

    private static readonly TimeSpan GoodbyeMax = TimeSpan.FromSeconds(2);

    private readonly LoopbackListener _listener;
    private readonly FileStream _lock;
    private readonly Endpoint _endpoint;
    private readonly ConcurrentDictionary<ClientConnection, bool> _connections = new();
    private int _disposed;

    private DevHub(LoopbackListener listener, FileStream folderLock, Endpoint endpoint)
    {
        (_listener, _lock, _endpoint) = (listener, folderLock, endpoint);
        var (name, value) = endpoint.Keys.First();
        ConnectionString = string.Create(
            CultureInfo.InvariantCulture,
            $"Endpoint=sb://localhost:{Port};SharedAccessKeyName={name};SharedAccessKey={value};UseDevelopmentEmulator=true");
    }

    /// <summary>What Event Hubs clients connect with.</summary>
    public string ConnectionString { get; }

    /// <summary>The TCP port that it listens on.</summary>
    public int Port => _listener.Port;

    /// <summary>Opens the data, checks all of it, and serves when this returns.</summary>
    /// <exception cref="ArgumentException">An option is not acceptable.</exception>
    /// <exception cref="IOException">The port or the data folder is in use, or an accepted event is not in its file any more.</exception>
    /// <exception cref="InvalidDataException">A hub exists with another number of partitions.</exception>
    public static async Task<DevHub> StartAsync(DevHubOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        return await Task.Run(() => Start(options, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes no more connections, writes what was taken, says goodbye to the clients, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _listener.Dispose();
        await Task.Run(() => Close(_endpoint.Hubs.Values)).ConfigureAwait(false);
        foreach (var connection in _connections.Keys)
            connection.Close();
        var all = Task.WhenAll(_connections.Keys.Select(connection => connection.Closed));
        await Task.WhenAny(all, Task.Delay(GoodbyeMax)).ConfigureAwait(false);
        foreach (var connection in _connections.Keys)
            connection.Abort();
        await _lock.DisposeAsync().ConfigureAwait(false);
    }

    private static DevHub Start(DevHubOptions options, CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(options.DataDirectory);
        Directory.CreateDirectory(folder);
        var folderLock = Lock(folder);
        var hubs = new Dictionary<string, Hub>(StringComparer.OrdinalIgnoreCase);
        try
        {
            var settings = new LogSettings(options.LogFileBytesMax, CacheBytesMax, options.TimeProvider, RandomAccess.FlushToDisk, options.Report);
            var catalog = HubCatalog.Open(folder);
            foreach (var (name, partitions) in options.Hubs)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var groups = new ConsumerGroups(options.ConsumerGroups.TryGetValue(name, out var declared) ? declared : []);
                hubs.Add(name, Hub.Open(catalog, name, partitions, groups, settings));
            }

            var keys = options.Keys.Count > 0
                ? new Dictionary<string, string>(options.Keys)
                : new Dictionary<string, string> { ["RootManageSharedAccessKey"] = "SAS_KEY_VALUE" };
            var endpoint = new Endpoint(hubs, keys, new IntakeBudget(IntakeBytesMax), options.TimeProvider, options.Report);
            var hub = new DevHub(LoopbackListener.Open(options.Port), folderLock, endpoint);
            hub._listener.Start(hub.Serve);
            return hub;
        }
        catch
        {
            Close(hubs.Values);
            folderLock.Dispose();
            throw;
        }
    }

    private void Serve(Socket socket)
    {
        socket.NoDelay = true;
        var connection = new ClientConnection(new NetworkStream(socket, ownsSocket: true), _endpoint);
        _connections[connection] = true;
        _ = connection.Closed.ContinueWith(_ => _connections.TryRemove(connection, out var _), TaskScheduler.Default);
        connection.Open();
    }

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

    private static void Check(DevHubOptions options)
    {
        if (options.Port is < 0 or > IPEndPoint.MaxPort)
            throw new ArgumentException($"Port {options.Port} is not between 0 and {IPEndPoint.MaxPort}.", nameof(options));
        if (string.IsNullOrWhiteSpace(options.DataDirectory))
            throw new ArgumentException("The data directory is empty.", nameof(options));
        if (options.Hubs.Count == 0)
            throw new ArgumentException("There is no hub to serve.", nameof(options));
        foreach (var (name, partitions) in options.Hubs)
        {
            if (!HubName().IsMatch(name))
            {
                throw new ArgumentException(
                    $"'{name}' is not the name of a hub: 1 to 256 letters, digits, '.', '-' and '_', first and last a letter or digit.", nameof(options));
            }

            if (partitions is < 1 or > PartitionsMax)
                throw new ArgumentException($"Hub '{name}' cannot have {partitions} partitions: 1 to {PartitionsMax}.", nameof(options));
        }

        foreach (var (hub, groups) in options.ConsumerGroups)
        {
            if (!options.Hubs.ContainsKey(hub) || groups.Any(group => group.Length is 0 or > ConsumerGroups.NameLengthMax || group.Contains('/')))
            {
                throw new ArgumentException(
                    $"The consumer groups of '{hub}' need a hub of that name, and names of 1 to {ConsumerGroups.NameLengthMax} characters without '/'.",
                    nameof(options));
            }
        }

        foreach (var (name, value) in options.Keys)
        {
            if (name.Length == 0 || value.Length == 0 || name.Contains(';', StringComparison.Ordinal) || value.Contains(';', StringComparison.Ordinal))
                throw new ArgumentException($"Key '{name}' must have a name and a value, both without ';'.", nameof(options));
        }
    }

    [GeneratedRegex("^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,254}[A-Za-z0-9])?$", RegexOptions.CultureInvariant)]
    private static partial Regex HubName();
}
