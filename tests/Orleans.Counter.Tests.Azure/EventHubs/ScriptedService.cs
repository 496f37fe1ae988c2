using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;
using Orleans.Counter.EventHubs;
using RequestContext = Amqp.Listener.RequestContext;

namespace Orleans.Counter.Tests.Azure.EventHubs;

/// <summary>A service that says what a test tells it to: for answers that a right one never gives, or only after half an hour.</summary>
internal sealed class ScriptedService : ILinkProcessor, IRequestProcessor, IDisposable
{
    private readonly ContainerHost _host;
    private readonly int _port;
    private readonly Channel<ScriptedReader> _readers = Channel.CreateUnbounded<ScriptedReader>();
    private readonly ConcurrentDictionary<Connection, bool> _connections = new();

    public ScriptedService()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            _port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        _host = new ContainerHost(new Address("127.0.0.1", _port, null, null, "/", "amqp"));
        _host.Listeners[0].SASL.EnableAnonymousMechanism = true;
        _host.RegisterRequestProcessor("$cbs", this);
        _host.RegisterRequestProcessor("$management", this);
        _host.RegisterLinkProcessor(this);
        _host.Open();
    }

    /// <summary>What is done with an event; accepts it if not told otherwise.</summary>
    public Action<MessageContext> OnSend { get; set; } = context => context.Complete();

    /// <summary>Audiences that a token was put for, in order.</summary>
    public ConcurrentQueue<string> Tokens { get; } = new();

    /// <summary>The links that the client sends on, in the order they were attached.</summary>
    public ConcurrentQueue<ListenerLink> Senders { get; } = new();

    /// <summary>What <c>GetPartitionProperties</c> says.</summary>
    public long LastSequenceNumber { get; set; } = -1;

    public int Connections => _connections.Count;

    public int Credit => 100;

    public EventHubConnectionOptions Options => EventHubConnectionOptions.FromConnectionString(
        $"Endpoint=sb://127.0.0.1:{_port};SharedAccessKeyName=Root;SharedAccessKey=key;EntityPath=frames;UseDevelopmentEmulator=true");

    /// <summary>Waits until a reader has attached and may be sent to.</summary>
    public async Task<ScriptedReader> NextReader() => await _readers.Reader.ReadAsync(Events.Token);

    public void Process(AttachContext attachContext)
    {
        _connections[attachContext.Link.Session.Connection] = true;
        attachContext.Attach.MaxMessageSize = 1024 * 1024;
        if (attachContext.Attach.Role)
        {
            attachContext.Complete(new ScriptedReader(attachContext, _readers.Writer), 0);
        }
        else
        {
            Senders.Enqueue(attachContext.Link);
            attachContext.Complete(new Publisher(this), 500);
        }
    }

    public void Process(RequestContext requestContext)
    {
        var request = requestContext.Message.ApplicationProperties;
        if (request["operation"] is "put-token") Tokens.Enqueue((string)request["name"]);
        requestContext.Complete(new Message
        {
            ApplicationProperties = new ApplicationProperties { ["status-code"] = 200, ["status-description"] = "OK" },
            BodySection = new AmqpValue
            {
                Value = new Map
                {
                    ["partition"] = "0",
                    ["begin_sequence_number"] = 0L,
                    ["last_enqueued_sequence_number"] = LastSequenceNumber,
                    ["last_enqueued_time_utc"] = DateTime.UnixEpoch,
                },
            },
        });
    }

    public void Dispose() => _host.Close();

    private sealed class Publisher(ScriptedService service) : LinkEndpoint
    {
        public override void OnMessage(MessageContext messageContext) => service.OnSend(messageContext);

        public override void OnFlow(FlowContext flowContext)
        {
        }

        public override void OnDisposition(DispositionContext dispositionContext)
        {
        }
    }
}

/// <summary>One attached reader, as the service sees it.</summary>
internal sealed class ScriptedReader(AttachContext attached, ChannelWriter<ScriptedReader> ready) : LinkEndpoint
{
    private readonly ListenerLink _link = attached.Link;
    private int _isReady;

    /// <summary>The selector that the reader attached with.</summary>
    public string Filter { get; } = (string)((DescribedValue)((Source)attached.Attach.Source).FilterSet[new Symbol("apache.org:selector-filter:string")]).Value;

    public void Send(params long[] sequenceNumbers)
    {
        foreach (var number in sequenceNumbers) Send(number, new Data { Binary = [(byte)number] });
    }

    public void Send(long sequenceNumber, RestrictedDescribed? body) => _link.SendMessage(new Message
    {
        MessageAnnotations = new MessageAnnotations
        {
            [new Symbol("x-opt-sequence-number")] = sequenceNumber,
            [new Symbol("x-opt-enqueued-time")] = DateTime.UnixEpoch,
        },
        ApplicationProperties = new ApplicationProperties { ["n"] = sequenceNumber },
        BodySection = body,
    });

    public void Detach(string condition) => _link.Close(TimeSpan.Zero, new Error(condition) { Description = "as the script says" });

    public override void OnFlow(FlowContext flowContext)
    {
        if (Interlocked.Exchange(ref _isReady, 1) == 0) ready.TryWrite(this);
    }

    public override void OnDisposition(DispositionContext dispositionContext)
    {
    }
}
