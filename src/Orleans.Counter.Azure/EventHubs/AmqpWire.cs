using System.Net.Sockets;
using Amqp.Framing;
using Amqp.Handler;

namespace Orleans.Counter.EventHubs;

/// <summary>
/// Listens in on one connection: holds its socket, because only a closed socket ends a connection whose peer is gone, and knows when the peer was last heard.
/// </summary>
internal sealed class AmqpWire(TimeProvider time) : IHandler
{
    private readonly Lock _gate = new();
    private Socket? _socket;
    private bool _cut;
    private long _lastHeard = time.GetTimestamp();

    /// <summary>A timestamp of the time provider. Heartbeats and flow frames do not count: they do not show that anything is answered.</summary>
    public long LastHeard => Volatile.Read(ref _lastHeard);

    public void Heard() => Volatile.Write(ref _lastHeard, time.GetTimestamp());

    public bool CanHandle(EventId id) => id
        is EventId.SocketConnect or EventId.ConnectionLocalOpen or EventId.ConnectionRemoteOpen or EventId.SessionRemoteOpen
        or EventId.LinkRemoteOpen or EventId.LinkRemoteClose or EventId.ReceiveDelivery or EventId.DeliveryStateChanged;

    public void Handle(Event protocolEvent)
    {
        switch (protocolEvent.Id)
        {
            case EventId.SocketConnect:
                Hold((Socket)protocolEvent.Context);
                break;
            case EventId.ConnectionLocalOpen:
                var open = (Open)protocolEvent.Context;
                open.Properties ??= [];
                open.Properties[new Amqp.Types.Symbol("product")] = "Orleans.Counter";
                break;
            default:
                Heard();
                break;
        }
    }

    /// <summary>Closes the socket at once, also in the middle of a handshake. The library then reports everything as closed.</summary>
    public void Cut()
    {
        lock (_gate)
        {
            _cut = true;
            _socket?.Dispose();
        }
    }

    private void Hold(Socket socket)
    {
        lock (_gate)
        {
            _socket = socket;
            if (_cut) socket.Dispose();
        }
    }
}
