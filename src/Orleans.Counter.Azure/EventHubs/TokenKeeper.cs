using Amqp;
using Amqp.Framing;
using Microsoft.Extensions.Logging;

namespace Orleans.Counter.EventHubs;

/// <summary>Puts tokens on one connection, and puts new ones before they expire.</summary>
internal sealed class TokenKeeper(AmqpConnection connection, ITokenSource tokens, ILogger logger)
{
    // Also after a failure: a token source that answers with the same old token must not be asked without pause.
    private static readonly TimeSpan RenewalMin = TimeSpan.FromSeconds(30);

    private readonly RequestNode _node = new(connection, "$cbs");
    private readonly Dictionary<string, Standing> _standing = [];

    private TimeProvider Time => connection.Deadline.Time;

    /// <summary>Opens an entity to the links that attach next. Every call puts a token: one that stands already may be about to expire.</summary>
    public async Task Put(string audience)
    {
        var doing = $"Put a token for {audience}";
        var token = await Get(audience, doing).ConfigureAwait(false);
        var request = new Message
        {
            BodySection = new AmqpValue { Value = token.Value },
            ApplicationProperties = new ApplicationProperties
            {
                ["operation"] = "put-token",
                ["type"] = token.Type,
                ["name"] = audience,
                ["expiration"] = token.ExpiresAt.UtcDateTime,
            },
        };
        var answer = await _node.Ask(request, doing).ConfigureAwait(false);
        if (Failures.FromAnswer(answer, doing) is { } failure) throw failure;
        RenewAfter(audience, (token.ExpiresAt - Time.GetUtcNow()) * 0.75, token.ExpiresAt);
    }

    /// <summary>Puts a token if none stands.</summary>
    public Task Ensure(string audience)
    {
        lock (_standing)
        {
            if (_standing.TryGetValue(audience, out var standing) && standing.ExpiresAt > Time.GetUtcNow()) return Task.CompletedTask;
        }

        return Put(audience);
    }

    /// <summary>A token for a request that carries it itself.</summary>
    public async Task<CbsToken> Get(string audience, string doing)
    {
        try
        {
            using var timeout = new CancellationTokenSource(connection.Deadline.Timeout, Time);
            return await tokens.Get(audience, Time.GetUtcNow(), timeout.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // Not Unauthorized: nobody refused anything yet, and an identity service that is away comes back.
            throw new EventHubsException(EventHubsFailure.Communication, $"{doing}: the credential gave no token. {exception.Message}", exception);
        }
    }

    public void Stop()
    {
        lock (_standing)
        {
            foreach (var (renewal, _) in _standing.Values) renewal.Dispose();
            _standing.Clear();
        }
    }

    // An audience is renewed for as long as the connection lives, also when its reader has gone: there are no more of them than partitions.
    private void RenewAfter(string audience, TimeSpan delay, DateTimeOffset expiresAt)
    {
        if (delay < RenewalMin) delay = RenewalMin;
        lock (_standing)
        {
            if (!connection.IsOpen) return;
            var renewal = _standing.TryGetValue(audience, out var standing)
                ? standing.Renewal
                : Time.CreateTimer(_ => _ = Renew(audience), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _standing[audience] = new(renewal, expiresAt);
            renewal.Change(delay, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task Renew(string audience)
    {
        try
        {
            await Put(audience).ConfigureAwait(false);
            logger.TokenRenewed(audience);
        }
        catch (EventHubsException exception)
        {
            logger.TokenNotRenewed(exception, audience, RenewalMin);
            lock (_standing)
            {
                if (_standing.TryGetValue(audience, out var standing)) standing.Renewal.Change(RenewalMin, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private readonly record struct Standing(ITimer Renewal, DateTimeOffset ExpiresAt);
}
