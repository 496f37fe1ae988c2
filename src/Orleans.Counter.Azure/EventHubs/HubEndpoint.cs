using Amqp;

namespace Orleans.Counter.EventHubs;

/// <summary>A hub's host, port, security and name.</summary>
/// <param name="Host">A name or an address, IPv6 without brackets.</param>
/// <param name="Port">Null for the usual one.</param>
/// <param name="UseTls">False only for an emulator.</param>
/// <param name="HubName">The hub.</param>
internal sealed record HubEndpoint(string Host, int? Port, bool UseTls, string HubName)
{
    // The address' other constructor takes a URI, which refuses IPv6.
    public Address Address => new(Host, Port ?? (UseTls ? 5671 : 5672), user: null, password: null, path: "/", scheme: UseTls ? "amqps" : "amqp");

    /// <summary>What a token is for; the port stays in, as in the official clients.</summary>
    public string Audience(string entity) => $"sb://{Authority}/{entity}";

    /// <param name="partitionId">Null for whichever the service chooses.</param>
    public string SendTo(string? partitionId) => partitionId is null ? HubName : $"{HubName}/Partitions/{partitionId}";

    public string ReadFrom(string consumerGroup, string partitionId) => $"{HubName}/ConsumerGroups/{consumerGroup}/Partitions/{partitionId}";

    private string Authority
    {
        get
        {
            var host = Host.Contains(':') ? $"[{Host}]" : Host;
            return Port is { } port ? $"{host}:{port}" : host;
        }
    }
}
