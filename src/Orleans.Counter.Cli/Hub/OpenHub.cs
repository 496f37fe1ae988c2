using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Counter.Cli.Processes;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Cli.Hub;

/// <summary>An event hub that a command has opened.</summary>
internal sealed class OpenHub : IAsyncDisposable
{
    private const int InFlightMax = 100;

    private readonly AmqpEventHub _hub;

    private OpenHub(AmqpEventHub hub) => _hub = hub;

    /// <param name="connection">The connection string; null for the local event hub.</param>
    /// <param name="name">The event hub; null for the one that the connection string names, or the service's usual one.</param>
    /// <param name="data">The folder of the local service.</param>
    /// <param name="use">What is done with it.</param>
    /// <exception cref="CommandFailedException">There is no such hub, or it does not let us in.</exception>
    public static async Task<int> Use(string? connection, string? name, string data, Func<OpenHub, Task<int>> use)
    {
        try
        {
            var found = connection ?? Local(data);
            var options = EventHubConnectionOptions.FromConnectionString(found, name ?? (found.Contains("EntityPath=", StringComparison.OrdinalIgnoreCase) ? null : "events"));
            await using var hub = new OpenHub(new(options, TimeProvider.System, NullLogger<AmqpEventHub>.Instance));
            return await use(hub);
        }
        catch (Exception failure) when (failure is EventHubsException or ArgumentException or FormatException)
        {
            throw new CommandFailedException($"The event hub cannot be used. {EventText.Printable(failure.Message)}", failure);
        }
    }

    public Task<HubProperties> Properties(CancellationToken cancellationToken) => _hub.GetProperties(cancellationToken);

    public Task<PartitionProperties> Properties(string partition, CancellationToken cancellationToken) => _hub.GetPartitionProperties(partition, cancellationToken);

    /// <summary>Reads beside all others.</summary>
    public IPartitionReader Read(string partition, EventPosition from) => _hub.OpenReader(partition, from, ownerLevel: null);

    /// <summary>Sends texts, many at once; those of one partition or key arrive in their order.</summary>
    /// <returns>How many are in the log.</returns>
    /// <exception cref="CommandFailedException">One was not accepted; the message says how many were.</exception>
    public async Task<int> SendTexts(IAsyncEnumerable<string> texts, string? partition, string? key, IReadOnlyDictionary<string, object> properties, CancellationToken cancellationToken)
    {
        var (inFlight, accepted) = (new Queue<Task>(), 0);
        try
        {
            await foreach (var text in texts.WithCancellation(cancellationToken))
            {
                var data = new EventData(Encoding.UTF8.GetBytes(text), properties, key);
                inFlight.Enqueue(partition is null ? _hub.Send(data, cancellationToken) : _hub.Send(partition, data, cancellationToken));
                if (inFlight.Count == InFlightMax) await First();
            }

            while (inFlight.Count > 0) await First();
            return accepted;
        }
        catch (EventHubsException failure)
        {
            await Task.WhenAll(inFlight).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            accepted += inFlight.Count(send => send.IsCompletedSuccessfully);
            throw new CommandFailedException($"{accepted} events are in the log, and then one was not accepted. {EventText.Printable(failure.Message)}", failure);
        }

        async Task First()
        {
            await inFlight.Dequeue();
            accepted++;
        }
    }

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    private static string Local(string data) => ProcessesFile.Read(Path.Combine(data, "processes.json")).FirstOrDefault(process => process.Role == "devhub")?.ConnectionString
        ?? throw new CommandFailedException($"No event hub of `counter up` runs in '{data}'. Start it, name another folder with --data, or an event hub with --connection.");
}
