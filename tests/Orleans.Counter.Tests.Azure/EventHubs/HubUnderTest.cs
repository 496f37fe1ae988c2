using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;
using Orleans.Counter.Dev;
using Orleans.Counter.Dev.Faults;
using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.Azure.EventHubs;

/// <summary>A DevHub on a free port with a folder of its own, and the clients that a test opened.</summary>
public sealed class HubUnderTest : IAsyncLifetime
{
    public const string Name = "frames";

    private readonly string _folder = Directory.CreateTempSubdirectory("eventhub-").FullName;
    private readonly ConcurrentBag<AmqpEventHub> _clients = [];
    private DevHub? _hub;
    private int _port;

    public string ConnectionString => _hub!.ConnectionString;

    public FaultPlan Faults => _hub!.Faults;

    public async ValueTask InitializeAsync() => await Start();

    /// <summary>On the same port and data as before.</summary>
    public async Task Start()
    {
        var options = new DevHubOptions { Port = _port, DataDirectory = _folder, Hubs = { [Name] = 8 } };
        _hub = await DevHub.StartAsync(options, TestContext.Current.CancellationToken);
        _port = _hub.Port;
    }

    public async Task Stop() => await _hub!.DisposeAsync();

    public EventHubConnectionOptions Options(string hubName = Name) => EventHubConnectionOptions.FromConnectionString(ConnectionString, hubName);

    public AmqpEventHub Open(EventHubConnectionOptions? options = null, ILogger<AmqpEventHub>? logger = null)
    {
        var client = new AmqpEventHub(options ?? Options(), TimeProvider.System, logger ?? new TestOutput());
        _clients.Add(client);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) await client.DisposeAsync();
        await Stop();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Writes to the test's own output: shown when it fails.</summary>
    public sealed class TestOutput : ILogger<AmqpEventHub>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            try
            {
                var line = $"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel} {formatter(state, exception)} {exception?.Message}";
                TestContext.Current.TestOutputHelper?.WriteLine(line);
            }
            catch (InvalidOperationException)
            {
                // The test has ended, and with it its output.
            }
        }
    }
}

internal static class Events
{
    /// <summary>For one call: nothing in these tests takes long, so what does is a failure and not a reason to wait.</summary>
    public static CancellationToken Token
    {
        get
        {
            var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(TimeSpan.FromSeconds(30));
            return patience.Token;
        }
    }

    public static EventData Text(string text) => new(Encoding.UTF8.GetBytes(text));

    public static string Text(this ReceivedEvent received) => Encoding.UTF8.GetString(received.Body.Span);

    /// <summary>Sends many at once and returns when all are accepted.</summary>
    public static Task SendAll(this IEventHub hub, string partition, int from, int count) =>
        Task.WhenAll(Enumerable.Range(from, count).Select(i => hub.Send(partition, Text($"{i}"), Token)));

    /// <summary>Reads exactly this many.</summary>
    public static async Task<List<ReceivedEvent>> Read(this IPartitionReader reader, int count)
    {
        var events = new List<ReceivedEvent>();
        while (events.Count < count) events.AddRange(await reader.Receive(count - events.Count, Token));
        return events;
    }
}
