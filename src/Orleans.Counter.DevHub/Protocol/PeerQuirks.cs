using Amqp.Framing;
using Amqp.Handler;
using Amqp.Listener;
using Amqp.Types;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>Small corrections to what the library sends and when it tells.</summary>
internal sealed class PeerQuirks : IHandler
{
    public bool CanHandle(EventId id) =>
        id is EventId.ConnectionLocalOpen or EventId.SessionLocalOpen or EventId.LinkLocalOpen or EventId.LinkRemoteClose;

    public void Handle(Event protocolEvent)
    {
        // The Python client reads the last field of these by its place; the library leaves out fields at the end that are null.
        switch (protocolEvent.Context)
        {
            case Open open:
                open.Properties ??= new Fields();
                break;
            case Begin begin:
                begin.Properties ??= new Fields();
                break;
            case Attach attach:
                attach.Properties ??= new Fields();
                break;
            case Detach when protocolEvent.Link is ListenerLink { State: PartitionReader reader }:
                // Before the answer goes out: the client may attach its next reader as soon as it has it.
                reader.Silence();
                break;
        }
    }
}
