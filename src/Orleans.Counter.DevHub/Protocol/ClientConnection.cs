using System.Security.Cryptography.X509Certificates;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Sasl;
using Orleans.Counter.Dev.Faults;
using Orleans.Counter.Dev.Hubs;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>What every connection needs to know of the endpoint.</summary>
internal sealed record Endpoint(
    IReadOnlyDictionary<string, Hub> Hubs,
    IReadOnlyDictionary<string, string> Keys,
    IntakeBudget Intake,
    FaultPlan Faults,
    TimeProvider Time,
    Action<string> Report);

/// <summary>One client's connection, with a listener of its own.</summary>
/// <remarks>
/// The library's listener shakes hands with one client after another, so one that connects and says nothing would keep all others out. It also refuses
/// links of the same name, which the JavaScript client makes; that is why this is a container and not the library's host.
/// </remarks>
internal sealed class ClientConnection : IContainer
{
    private const string Scheme = "devhub";
    private const int FrameBytesMax = 64 * 1024;
    private const int IdleMilliseconds = 240_000;

    private static readonly TimeSpan HandshakeMax = TimeSpan.FromSeconds(30);

    private readonly Endpoint _endpoint;
    private readonly GatedTransport _transport;
    private readonly ConnectionListener _listener;
    private readonly Claims _claims;
    private readonly RequestNode _cbs;
    private readonly RequestNode _management;
    private bool _hasKey;

    public ClientConnection(Stream stream, Endpoint endpoint)
    {
        _endpoint = endpoint;
        _transport = new GatedTransport(stream, endpoint.Intake);
        _claims = new Claims(endpoint.Keys, endpoint.Time);
        var replies = new ReplyLinks();
        _cbs = new RequestNode("$cbs", replies, PutToken);
        _management = new RequestNode("$management", replies, (request, _) => Management.Read(request, FindHub, hub => _hasKey || _claims.Allow(hub), endpoint.Faults));
        CustomTransports = new Dictionary<string, TransportProvider> { [Scheme] = new OneTransport(_transport) };
        _listener = new ConnectionListener(new Address("localhost", 0, null, null, "/", Scheme), this) { HandlerFactory = _ => new PeerQuirks() };
        _listener.AMQP.MaxFrameSize = FrameBytesMax;
        _listener.AMQP.IdleTimeout = IdleMilliseconds;
        _listener.AMQP.ContainerId = "devhub";

        // In this order: the JavaScript client takes the first that it knows.
        _listener.SASL.EnableAnonymousMechanism = true;
        _listener.SASL.EnableMechanism("MSSBCBS", SaslProfile.Anonymous);
        _listener.SASL.EnableMechanism("PLAIN", new PlainProfile(endpoint.Keys));
    }

    public X509Certificate2? ServiceCertificate => null;

    public IDictionary<string, TransportProvider> CustomTransports { get; }

    /// <summary>Ends when the connection does.</summary>
    public Task Closed => _transport.Closed;

    public void Open()
    {
        _listener.Open();
        _ = CloseIfSilent();
    }

    /// <summary>Tells the client that the endpoint goes away.</summary>
    public void Close() => _listener.Close();

    /// <summary>Hangs up, whatever is under way.</summary>
    public void Abort() => _transport.Close();

    public Message CreateMessage(ByteBuffer buffer) => new RawMessage(buffer);

    public Link CreateLink(ListenerConnection connection, ListenerSession session, Attach attach) => new ListenerLink(session, attach);

    public bool AttachLink(ListenerConnection connection, ListenerSession session, Link link, Attach attach)
    {
        var address = (attach.Role ? (attach.Source as Source)?.Address : (attach.Target as Target)?.Address)
            ?? throw new AmqpException(ErrorCode.InvalidField, "The link has no address.");
        var path = EntityPath.Parse(address);
        _hasKey = connection.Principal is not null; // SASL PLAIN: no token is needed then
        if (path.IsCbs)
        {
            _cbs.Attach((ListenerLink)link, attach);
            return true;
        }

        if (path.IsManagement)
        {
            if (!_hasKey && !_claims.AllowAny())
                throw Refusals.Unauthorized(path.Text);
            _management.Attach((ListenerLink)link, attach);
            return true;
        }

        if (!_hasKey && !_claims.Allow(path.Hub))
            throw Refusals.Unauthorized(path.Text);
        var hub = FindHub(path.Hub) ?? throw Refusals.NotFound(path.Text);
        if (!attach.Role)
        {
            var partition = path.IsHub ? null : (int?)Partition(hub, path, path.SenderPartition);
            RefuseIfStruck(hub, partition);
            new Publisher(hub, partition, _transport, _endpoint).Attach((ListenerLink)link, attach);
            return true;
        }

        var number = Partition(hub, path, path.ReaderPartition);
        if (!hub.Groups.Contains(path.Group!))
            throw Refusals.NotFound(path.Text);
        RefuseIfStruck(hub, number);
        new PartitionReader((ListenerLink)link, attach, hub, number, _transport, _endpoint)
            .Attach(hub.Readers(path.Group!, number), attach);
        return false; // it has answered the attach itself
    }

    private static int Partition(Hub hub, EntityPath path, string? id) =>
        EntityPath.Partition(id ?? throw Refusals.NotFound(path.Text), hub.Partitions.Count)
        ?? throw Refusals.PartitionOutOfRange(hub.Name, id, hub.Partitions.Count);

    private void RefuseIfStruck(Hub hub, int? partition)
    {
        if (_endpoint.Faults.Next(FaultMoment.Attach, hub.Name, partition) is { } fault)
            throw new AmqpException(FaultErrors.Of(fault));
    }

    private Hub? FindHub(string name) => _endpoint.Hubs.GetValueOrDefault(name);

    private Answer PutToken(Amqp.Types.Map request, object? body)
    {
        if (request["operation"] as string != "put-token")
            return new Answer(400, $"The operation '{request["operation"]}' is not known: only put-token is.", Condition: "amqp:not-implemented");
        var token = body switch { string text => text, byte[] utf8 => System.Text.Encoding.UTF8.GetString(utf8), _ => "" };
        var (status, description) = _claims.Put(request["name"] as string ?? "", token);
        return new Answer(status, description, Condition: status == 401 ? "amqp:unauthorized-access" : null);
    }

    private async Task CloseIfSilent()
    {
        using var stop = new CancellationTokenSource();
        var late = Task.Delay(HandshakeMax, _endpoint.Time, stop.Token);
        if (await Task.WhenAny(late, _transport.LetIn, Closed).ConfigureAwait(false) == late)
            Abort();
        await stop.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Gives its only transport, once.</summary>
    private sealed class OneTransport(GatedTransport transport) : TransportProvider
    {
        private bool _given;

        public override Task<IAsyncTransport> CreateAsync(Address address)
        {
            if (!_given)
            {
                _given = true;
                return Task.FromResult<IAsyncTransport>(transport);
            }

            // The listener asks for the next when it is done with this one. If no connection came of it, the client was not let in.
            if (!transport.LetIn.IsCompleted)
                transport.Close();
            return new TaskCompletionSource<IAsyncTransport>().Task;
        }
    }
}
