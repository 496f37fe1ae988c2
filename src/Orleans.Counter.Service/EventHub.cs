using Azure.Identity;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter;

/// <summary>Where the hub is: section <c>EventHubs</c>. Either a connection string, or a namespace that the identity of this process may use.</summary>
internal sealed record EventHubSettings(string? ConnectionString, string? FullyQualifiedNamespace, string? Name, string? ConsumerGroup, string? RecountConsumerGroup = null)
{
    /// <exception cref="InvalidOperationException">A setting is missing, or two contradict each other.</exception>
    public static EventHubSettings Read(IConfiguration configuration)
    {
        var section = configuration.GetSection("EventHubs");
        var settings = new EventHubSettings(section[nameof(ConnectionString)], section[nameof(FullyQualifiedNamespace)], section[nameof(Name)], section[nameof(ConsumerGroup)], section[nameof(RecountConsumerGroup)]);
        var nameIsInside = settings.ConnectionString?.Contains("EntityPath=", StringComparison.OrdinalIgnoreCase) is true;
        return (settings.ConnectionString, settings.FullyQualifiedNamespace, settings.Name) switch
        {
            (null or "", null or "", _) => throw new InvalidOperationException(
                "The service does not know its hub: set EventHubs:ConnectionString, or EventHubs:FullyQualifiedNamespace to use the identity of this process."),
            ({ Length: > 0 }, { Length: > 0 }, _) => throw new InvalidOperationException(
                "EventHubs:ConnectionString and EventHubs:FullyQualifiedNamespace are both set; they may name different hubs, so set only one."),
            (_, _, null or "") when !nameIsInside => throw new InvalidOperationException(
                "The service does not know its hub: set EventHubs:Name, or add EntityPath to EventHubs:ConnectionString."),
            _ => settings,
        };
    }
}

/// <summary>The hub that both ends of the river share.</summary>
internal static class EventHub
{
    // Well under the time for which ingest tries a frame: a send that nobody answers must leave time for another one.
    private static readonly TimeSpan OperationTimeout = TimeSpan.FromSeconds(3);

    /// <summary>The key of the hub as those see it who read it again.</summary>
    public const string Again = "again";

    /// <summary>Their consumer group, if the settings do not name another one: beside a reader that owns a partition, the service lets nobody read in the same one.</summary>
    public const string ConsumerGroupAgain = "recount";

    /// <summary>Reads and checks the settings now; connects at the first need.</summary>
    public static IHostApplicationBuilder AddEventHub(this IHostApplicationBuilder builder)
    {
        var settings = EventHubSettings.Read(builder.Configuration);
        var connection = settings.ConnectionString is { Length: > 0 } secret
            ? EventHubConnectionOptions.FromConnectionString(secret, settings.Name)
            : EventHubConnectionOptions.FromNamespace(settings.FullyQualifiedNamespace!, settings.Name!, new DefaultAzureCredential());
        builder.Services.AddSingleton<IEventHub>(services => Open(services, settings.ConsumerGroup ?? connection.ConsumerGroup));
        builder.Services.AddKeyedSingleton<IEventHub>(Again, (services, _) => Open(services, settings.RecountConsumerGroup ?? ConsumerGroupAgain));
        return builder;

        AmqpEventHub Open(IServiceProvider services, string consumerGroup) => new(
            connection with { ConsumerGroup = consumerGroup, OperationTimeout = OperationTimeout }, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<AmqpEventHub>>());
    }
}
