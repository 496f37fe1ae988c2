using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Orleans.Counter.Dev.Faults;
using Orleans.Counter.Dev.Hubs;
using Orleans.Counter.Dev.Log;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>A link over which a client sends events to a hub, or to one of its partitions.</summary>
internal sealed class Publisher(Hub hub, int? partition, GatedTransport transport, Endpoint endpoint)
{
    /// <summary>The largest message that is taken, as in the Standard tier.</summary>
    public const int MessageBytesMax = 1024 * 1024;

    private const uint BatchFormat = 0x80013700;
    private const int Credit = 500;

    private LinkFaults _faults = null!; // from Attach on

    public void Attach(ListenerLink link, Attach attach)
    {
        attach.MaxMessageSize = MessageBytesMax;
        _faults = new LinkFaults(endpoint.Faults, link, transport, hub.Name, partition);
        link.InitializeReceiver(Credit, OnMessage, null);
    }

    // Runs on the connection's reading loop, so messages reach their log in the order in which they came.
    private void OnMessage(ListenerLink link, Message message, DeliveryState deliveryState, object state)
    {
        var bytes = ((RawMessage)message).Bytes;
        if (bytes.Length > MessageBytesMax)
        {
            Reject(
                link,
                message,
                "amqp:link:message-size-exceeded",
                $"The received message (size: {bytes.Length} bytes) exceeds the limit ({MessageBytesMax} bytes) currently allowed on the link.");
            return;
        }

        try
        {
            var events = message.Format == BatchFormat ? IncomingEvent.Batch(bytes, hub.GeoOffsets) : [IncomingEvent.Single(bytes, hub.GeoOffsets)];
            var key = events[0].Key;
            if (partition is not null && key is not null)
            {
                Reject(link, message, ErrorCode.NotAllowed, "An event that is sent to a partition must not have a partition key.");
                return;
            }

            var to = partition ?? (key is null ? hub.NextPartition() : PartitionKey.Partition(key, hub.Partitions.Count));
            var fault = _faults.Next(FaultMoment.Send, to);
            if (fault?.Kind is FaultKind.Throttle or FaultKind.Refuse)
            {
                Dispose(link, message, new Rejected { Error = FaultErrors.Of(fault) });
                return;
            }

            if (fault?.Kind is FaultKind.Detach or FaultKind.Close)
            {
                _faults.End(fault);
                return;
            }

            var append = hub.Partitions[to].Append(events);
            endpoint.Intake.Take(bytes.Length);
            _ = Settle(link, message, bytes.Length, append, fault);
        }
        catch (MalformedMessageException e)
        {
            Reject(link, message, ErrorCode.DecodeError, e.Message);
        }
        catch (ObjectDisposedException)
        {
            Reject(link, message, "com.microsoft:server-busy", "The hub is being stopped.");
        }
    }

    private async Task Settle(ListenerLink link, Message message, int length, Task append, Fault? fault)
    {
        DeliveryState outcome;
        try
        {
            await append.ConfigureAwait(false);
            outcome = new Accepted();
        }
        catch (LogFailedException e)
        {
            outcome = new Rejected { Error = Refusals.Error(ErrorCode.InternalError, e.Message) };
        }

        endpoint.Intake.Return(length);
        if (fault?.Kind is FaultKind.Delay)
            await Task.Delay(fault.Duration, endpoint.Time).ConfigureAwait(false);
        if (fault?.Kind is FaultKind.Drop)
        {
            _faults.End(fault);
            return;
        }

        Dispose(link, message, outcome);
    }

    private static void Reject(ListenerLink link, Message message, string condition, string description) =>
        Dispose(link, message, new Rejected { Error = Refusals.Error(condition, description) });

    private static void Dispose(ListenerLink link, Message message, DeliveryState outcome)
    {
        try
        {
            link.DisposeMessage(message, outcome, true);
        }
        catch (Exception e) when (e is AmqpException or ObjectDisposedException)
        {
            // The client has gone. It does not know what became of its message, and asks or sends again.
        }
    }
}
