using Azure.Core;

namespace Orleans.Counter.EventHubs;

/// <summary>Where a hub is and how to be let in. Immutable: change a copy by <c>with</c>.</summary>
public sealed record EventHubConnectionOptions
{
    private readonly TimeSpan _operationTimeout = TimeSpan.FromSeconds(15);
    private readonly TimeSpan _silenceMax = TimeSpan.FromSeconds(30);

    private EventHubConnectionOptions(HubEndpoint endpoint, ITokenSource tokens)
    {
        Endpoint = endpoint;
        Tokens = tokens;
    }

    /// <summary>The hub's name.</summary>
    public string HubName => Endpoint.HubName;

    /// <summary>The consumer group that readers belong to; 1 to 50 characters, must exist.</summary>
    public string ConsumerGroup { get; init; } = "$Default";

    /// <summary>
    /// How long a send, a request, an attach or a connect may take, 10 ms to 10 min. Longer sits out a slow service; shorter tells the caller sooner
    /// that nobody knows what became of its event.
    /// </summary>
    public TimeSpan OperationTimeout
    {
        get => _operationTimeout;
        init => _operationTimeout = Between(value, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10), nameof(OperationTimeout));
    }

    /// <summary>
    /// How long a reader may hear nothing before it asks whether the service is still there, 10 ms to 10 min. Shorter finds a dead connection sooner;
    /// every question of every silent partition is one of the 50 requests a second that a namespace answers.
    /// </summary>
    public TimeSpan SilenceMax
    {
        get => _silenceMax;
        init => _silenceMax = Between(value, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10), nameof(SilenceMax));
    }

    internal HubEndpoint Endpoint { get; }

    internal ITokenSource Tokens { get; }

    /// <summary>
    /// Reads <c>Endpoint=sb://host[:port]/;SharedAccessKeyName=…;SharedAccessKey=…[;EntityPath=…][;UseDevelopmentEmulator=true]</c>.
    /// TLS on port 5671, or plain TCP on 5672 for the emulator, unless the endpoint names another port.
    /// </summary>
    /// <param name="connectionString">The connection string.</param>
    /// <param name="hubName">The hub, if the string has no <c>EntityPath</c>; else null or the same.</param>
    /// <exception cref="FormatException">What is wrong and what would be right. The key is never part of the message.</exception>
    public static EventHubConnectionOptions FromConnectionString(string connectionString, string? hubName = null)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        var (endpoint, tokens) = ConnectionString.Parse(connectionString, hubName);
        return new(endpoint, tokens);
    }

    /// <summary>A namespace in the cloud and an identity that may use it: TLS on port 5671.</summary>
    /// <param name="fullyQualifiedNamespace">For example <c>river.servicebus.windows.net</c>.</param>
    /// <param name="hubName">The hub.</param>
    /// <param name="credential">Asked for tokens of the scope <c>https://eventhubs.azure.net/.default</c>.</param>
    /// <exception cref="FormatException">The namespace is not a host name.</exception>
    public static EventHubConnectionOptions FromNamespace(string fullyQualifiedNamespace, string hubName, TokenCredential credential)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(hubName);
        ArgumentNullException.ThrowIfNull(credential);
        if (Uri.CheckHostName(fullyQualifiedNamespace) == UriHostNameType.Unknown)
        {
            throw new FormatException(
                $"'{fullyQualifiedNamespace}' is not a host name. Expected a namespace such as river.servicebus.windows.net, without scheme and port.");
        }

        return new(new HubEndpoint(fullyQualifiedNamespace, null, UseTls: true, hubName), new EntraTokens(credential));
    }

    private static TimeSpan Between(TimeSpan value, TimeSpan min, TimeSpan max, string name) =>
        value >= min && value <= max ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} must be between {min} and {max}.");
}
