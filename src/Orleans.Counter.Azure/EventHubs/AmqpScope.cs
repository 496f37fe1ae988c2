using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Microsoft.Extensions.Logging;

namespace Orleans.Counter.EventHubs;

/// <summary>One generation: a connection with its tokens and links. Replaced as a whole when the connection is gone.</summary>
internal sealed class AmqpScope
{
    private static readonly Symbol SelectorFilter = new("apache.org:selector-filter:string");
    private static readonly Symbol OwnerLevel = new("com.microsoft:epoch");
    private static readonly Symbol ReceiverName = new("com.microsoft:receiver-name");

    private readonly AmqpConnection _connection;
    private readonly HubEndpoint _endpoint;
    private readonly TokenKeeper _tokens;
    private readonly RequestNode _management;

    private AmqpScope(AmqpConnection connection, HubEndpoint endpoint, ITokenSource tokens, ILogger logger)
    {
        _connection = connection;
        _endpoint = endpoint;
        _tokens = new(connection, tokens, logger);
        _management = new(connection, "$management");
        _ = AfterClose(logger);
    }

    public bool IsOpen => _connection.IsOpen;

    public static async Task<AmqpScope> Open(HubEndpoint endpoint, ITokenSource tokens, Deadline deadline, ILogger logger)
    {
        var connection = await AmqpConnection.Open(endpoint, deadline, logger).ConfigureAwait(false);
        logger.Connected(endpoint.Host, endpoint.HubName);
        return new AmqpScope(connection, endpoint, tokens, logger);
    }

    public async Task<Attached<SenderLink>> AttachSender(string? partitionId)
    {
        var address = _endpoint.SendTo(partitionId);
        await _tokens.Put(_endpoint.Audience(address)).ConfigureAwait(false);
        return await _connection.Attach(
            (session, attached) => new SenderLink(session, $"send-{partitionId ?? "any"}-{Guid.NewGuid():N}", new Attach
            {
                Source = new Source(),
                Target = new Target { Address = address },
                SndSettleMode = SenderSettleMode.Unsettled,
            }, attached),
            $"Attach a sender to {address}").ConfigureAwait(false);
    }

    public async Task<Attached<ReceiverLink>> AttachReader(string consumerGroup, string partitionId, EventPosition from, long? ownerLevel)
    {
        var address = _endpoint.ReadFrom(consumerGroup, partitionId);
        await _tokens.Put(_endpoint.Audience(address)).ConfigureAwait(false);
        var name = $"read-{partitionId}-{Guid.NewGuid():N}";
        var properties = new Fields { [ReceiverName] = name };
        if (ownerLevel is { } level) properties[OwnerLevel] = level;
        return await _connection.Attach(
            (session, attached) => new ReceiverLink(session, name, new Attach
            {
                Source = new Source { Address = address, FilterSet = new Map { [SelectorFilter] = new DescribedValue(SelectorFilter, from.Filter) } },
                Target = new Target { Address = name },
                SndSettleMode = SenderSettleMode.Settled,
                Properties = properties,
            }, attached),
            $"Attach a reader to {address} at {from}").ConfigureAwait(false);
    }

    /// <summary>One question to the management node; see the two types of it that the service knows.</summary>
    public async Task<Map> Read(string type, string? partitionId, string doing)
    {
        var audience = _endpoint.Audience(_endpoint.HubName);
        await _tokens.Ensure(audience).ConfigureAwait(false);
        var token = await _tokens.Get(audience, doing).ConfigureAwait(false);
        var properties = new ApplicationProperties
        {
            ["operation"] = "READ",
            ["name"] = _endpoint.HubName,
            ["type"] = type,
            ["security_token"] = token.Value,
        };
        if (partitionId is not null) properties["partition"] = partitionId;
        var request = new Message { ApplicationProperties = properties, BodySection = new AmqpValue { Value = "" } };
        var answer = await _management.Ask(request, doing).ConfigureAwait(false);
        if (Failures.FromAnswer(answer, doing) is { } failure) throw failure;
        return answer.Body as Map ?? throw new EventHubsException(EventHubsFailure.General, $"{doing}: the answer has no map.");
    }

    public void Abandon(string why) => _connection.Abandon(why);

    public void Unanswered(long sinceTimestamp, string what) => _connection.Unanswered(sinceTimestamp, what);

    public Task Close() => _connection.Close();

    private async Task AfterClose(ILogger logger)
    {
        var error = await _connection.Closed.ConfigureAwait(false);
        _tokens.Stop();
        logger.Disconnected(_endpoint.Host, error?.Condition, error?.Description);
    }
}
