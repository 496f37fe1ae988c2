using Amqp;
using Amqp.Framing;
using Amqp.Handler;
using Amqp.Listener;
using Amqp.Types;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>Small corrections to what the library sends and when it tells, for one connection.</summary>
internal sealed class PeerQuirks : IHandler
{
    private readonly Lock _gate = new();
    private readonly List<(Session Session, PartitionReader Reader)> _readers = [];

    public bool CanHandle(EventId id) => id is EventId.ConnectionLocalOpen or EventId.SessionLocalOpen or EventId.LinkLocalOpen
        or EventId.LinkRemoteClose or EventId.SessionRemoteClose or EventId.ConnectionRemoteClose;

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
                if (protocolEvent.Link is ListenerLink { State: PartitionReader reader })
                    Watch(protocolEvent.Session, reader);
                break;
            case Detach or End or Close:
                Silence(protocolEvent);
                break;
        }
    }

    private void Watch(Session session, PartitionReader reader)
    {
        lock (_gate)
        {
            _readers.RemoveAll(one => one.Reader.IsClosed);
            _readers.Add((session, reader));
        }
    }

    // Before the answer goes out: the client, or another one, may attach the next reader as soon as it has it.
    private void Silence(Event protocolEvent)
    {
        lock (_gate)
        {
            foreach (var (session, reader) in _readers)
            {
                if (protocolEvent.Context is Close
                    || (protocolEvent.Context is End && session == protocolEvent.Session)
                    || (protocolEvent.Link is ListenerLink link && link.State == reader))
                {
                    reader.Silence();
                }
            }
        }
    }
}
