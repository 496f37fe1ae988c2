using System.ComponentModel.DataAnnotations;
using Azure.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Counter.EventHubs;

namespace Orleans.Configuration;

/// <summary>Which hub the streams come from.</summary>
public sealed class EventHubOptions
{
    internal Func<IServiceProvider, IEventHub>? Connect { get; private set; }

    /// <summary>Connects with a key.</summary>
    /// <exception cref="FormatException">What is wrong with the connection string, and what would be right.</exception>
    public void ConfigureEventHubConnection(string connectionString, string eventHubName, string consumerGroup) =>
        Use(EventHubConnectionOptions.FromConnectionString(connectionString, eventHubName) with { ConsumerGroup = consumerGroup });

    /// <summary>Connects with an identity that may use the namespace.</summary>
    /// <exception cref="FormatException">The namespace is not a host name.</exception>
    public void ConfigureEventHubConnection(string fullyQualifiedNamespace, string eventHubName, string consumerGroup, TokenCredential credential) =>
        Use(EventHubConnectionOptions.FromNamespace(fullyQualifiedNamespace, eventHubName, credential) with { ConsumerGroup = consumerGroup });

    /// <summary>Reads the hub through this client, which stays the caller's to dispose of.</summary>
    public void ConfigureEventHubConnection(Func<IServiceProvider, IEventHub> createConnection) => Connect = createConnection;

    private void Use(EventHubConnectionOptions connection) =>
        Connect = services => new AmqpEventHub(connection, services.GetService<TimeProvider>() ?? TimeProvider.System, services.GetRequiredService<ILogger<AmqpEventHub>>());
}

/// <summary>How much is read ahead, and how it is handed on.</summary>
public sealed class EventHubReceiverOptions
{
    /// <summary>How many messages one read takes at most. More carries more in a burst; less shortens the agent's turns.</summary>
    [Range(1, 10_000)]
    public int PrefetchCount { get; set; } = 128;

    /// <summary>Under load, how long messages gather before the streams get them: longer makes fewer, larger deliveries, and counts appear that much later.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:05")]
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the first stream that goes back waits for others. Longer reads the log again less often, after a silo has gone; shorter is back sooner.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:05")]
    public TimeSpan Gather { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often every stream hears of a partition that is silent. A consumer that lost its memory is found no sooner.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan Beat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a reader that was refused, robbed of its partition or cut off waits before it tries again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan RetryAfter { get; set; } = TimeSpan.FromSeconds(1.5);
}

/// <summary>How much of a partition is held in memory while consumers are slower than the hub.</summary>
public sealed class EventHubStreamCacheOptions
{
    /// <summary>The bytes that a partition's streams may hold together before its reader waits.</summary>
    [Range(1 << 16, 1 << 30)]
    public int BytesMax { get; set; } = 64 << 20;

    /// <summary>The part of that which one stream may hold. A stream that fills it gets no more until it has worked that off; what it missed is then read again.</summary>
    [Range(0.01, 1.0)]
    public double StreamShare { get; set; } = 0.125;

    /// <summary>How many items one delivery carries at most.</summary>
    [Range(1, 100_000)]
    public int ItemsPerDelivery { get; set; } = 5_000;
}
