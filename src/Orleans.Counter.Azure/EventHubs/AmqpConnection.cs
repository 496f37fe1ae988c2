using Amqp;
using Amqp.Framing;
using Amqp.Sasl;
using Microsoft.Extensions.Logging;

namespace Orleans.Counter.EventHubs;

/// <summary>A link that the peer has agreed to, alone in its session.</summary>
internal readonly record struct Attached<TLink>(TLink Link, Attach Answer)
    where TLink : Link;

/// <summary>One connection for as long as it lives; never mended, always replaced.</summary>
internal sealed class AmqpConnection
{
    private const int FrameBytesMax = 64 * 1024;

    // The library tells the peer half of it: the minute that the official clients ask for. It acts later still, which is why silent readers ask for themselves.
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(2);

    private readonly Connection _connection;
    private readonly AmqpWire _wire;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource<Error?> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private AmqpConnection(Connection connection, AmqpWire wire, Deadline deadline, ILogger logger)
    {
        _connection = connection;
        _wire = wire;
        _logger = logger;
        Deadline = deadline;
        connection.AddClosedCallback((_, error) => _closed.TrySetResult(error));
    }

    public Deadline Deadline { get; }

    // The library knows it before its callbacks do: a link that ended with its connection must not be replaced on the same one.
    public bool IsOpen => !_closed.Task.IsCompleted && _connection.ConnectionState != ConnectionState.End;

    /// <summary>Completes, never fails, when the connection is gone.</summary>
    public Task<Error?> Closed => _closed.Task;

    public static async Task<AmqpConnection> Open(HubEndpoint endpoint, Deadline deadline, ILogger logger)
    {
        var wire = new AmqpWire(deadline.Time);
        var factory = new ConnectionFactory();
        factory.SASL.Profile = SaslProfile.Anonymous; // who we are is told by tokens
        factory.AMQP.ContainerId = $"orleans-counter-{Guid.NewGuid():N}";
        factory.AMQP.HostName = endpoint.Host;
        factory.AMQP.MaxFrameSize = FrameBytesMax;
        factory.AMQP.IdleTimeout = (int)IdleTimeout.TotalMilliseconds;
        factory.TCP.NoDelay = true;

        var doing = $"Connect to {endpoint.Address.Host}:{endpoint.Address.Port}";
        try
        {
            // The library's own cancellation ends with the TCP handshake: TLS and SASL wait for ever, unless the socket goes.
            var connection = await deadline.For(factory.CreateAsync(endpoint.Address, CancellationToken.None, wire), doing).ConfigureAwait(false);
            return new AmqpConnection(connection, wire, deadline, logger);
        }
        catch (Exception exception)
        {
            wire.Cut();
            throw Failures.From(exception, doing);
        }
    }

    /// <summary>Attaches a link in a session of its own and waits until the peer has agreed.</summary>
    /// <exception cref="EventHubsException">Refused, no answer, or the connection was lost.</exception>
    public async Task<Attached<TLink>> Attach<TLink>(Func<Session, OnAttached, TLink> create, string doing)
        where TLink : Link
    {
        var answer = new TaskCompletionSource<Attach>(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = Deadline.Time.GetTimestamp();
        Session? session = null;
        try
        {
            session = new Session(_connection);
            var link = create(session, (_, attach) =>
            {
                // A refusal is an answer without the peer's end, then a detach that says why. Role says whose end it is: true is a receiver.
                if ((attach.Role ? attach.Target : attach.Source) is not null) answer.TrySetResult(attach);
            });
            link.AddClosedCallback((_, error) =>
            {
                answer.TrySetException(Failures.From(error, doing));
                End(link.Session); // or its channel number stays taken
            });
            return new(link, await Deadline.For(answer.Task, doing).ConfigureAwait(false));
        }
        catch (Exception exception)
        {
            if (session is not null) End(session);
            var failure = Failures.From(exception, doing);
            if (failure.Failure == EventHubsFailure.ServiceTimeout) Unanswered(started, doing);
            throw failure;
        }
    }

    /// <summary>Ends a session and its link without waiting; what was queued and not yet written will not be.</summary>
    public static void End(Session session)
    {
        try
        {
            session.Close(TimeSpan.Zero);
        }
        catch (Exception exception) when (exception is AmqpException or ObjectDisposedException)
        {
            // The connection is closing already, and takes its sessions along.
        }
    }

    /// <summary>
    /// Gives a received message's credit back, and settles it if the peer did not send it settled. For the connection's only reading thread, where an
    /// exception would end the connection.
    /// </summary>
    public static void Accept(IReceiverLink link, Message message)
    {
        try
        {
            link.Accept(message);
        }
        catch (Exception exception) when (exception is AmqpException or ObjectDisposedException)
        {
            // The link is closing, and says so itself.
        }
    }

    /// <summary>A peer that left something unanswered and said nothing else since is taken for dead, long before TCP finds out.</summary>
    public void Unanswered(long sinceTimestamp, string what)
    {
        if (IsOpen && _wire.LastHeard < sinceTimestamp) Abandon(what);
    }

    /// <summary>Cuts the connection without waiting for the peer to agree.</summary>
    public void Abandon(string why)
    {
        if (!_closed.TrySetResult(new Error("amqp:connection:forced") { Description = $"abandoned: {why}" })) return;
        _logger.ConnectionAbandoned(why);
        _wire.Cut();
    }

    public async Task Close()
    {
        try
        {
            // A second is enough for a peer that lives; the socket is closed in any case.
            await _connection.CloseAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is AmqpException or TimeoutException or ObjectDisposedException)
        {
            _logger.ConnectionNotClosed(exception.Message);
        }

        _closed.TrySetResult(null);
        _wire.Cut();
    }
}
