using System.Runtime.CompilerServices;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>The links over which a connection gets its answers.</summary>
/// <remarks>
/// Which one an answer takes: its request names in reply-to either the link's target address or, as the JavaScript client does for $cbs, the link's
/// name. Failing that it is the link of the same node in the same session.
/// </remarks>
internal sealed class ReplyLinks
{
    private readonly Lock _gate = new();
    private readonly List<ReplyLink> _links = [];

    public void Add(ListenerLink link, string node, Attach attach)
    {
        attach.SndSettleMode = SenderSettleMode.Settled;
        var reply = new ReplyLink(link, node, (attach.Target as Target)?.Address);
        lock (_gate)
            _links.Add(reply);
        link.Closed += (_, _) =>
        {
            lock (_gate)
                _links.Remove(reply);
        };
    }

    /// <summary>The link for an answer; null if the client has closed it, and so does not want to know.</summary>
    public ReplyLink? Find(string node, string? replyTo, Session session)
    {
        lock (_gate)
        {
            return _links.FindLast(link => replyTo is not null && (link.Name == replyTo || link.Target == replyTo) && link.Node == node)
                ?? _links.FindLast(link => link.Session == session && link.Node == node);
        }
    }
}

/// <summary>Sends answers as far as the client has room for them.</summary>
internal sealed class ReplyLink
{
    private readonly ListenerLink _link;
    private readonly Queue<Message> _waiting = new();

    public ReplyLink(ListenerLink link, string node, string? target)
    {
        (_link, Node, Target) = (link, node, target);
        link.InitializeSender((_, _, _) => Drain(), static (_, _, _, _) => { }, null);
    }

    public string Node { get; }

    public string Name => _link.Name;

    public string? Target { get; }

    public Session Session => _link.Session;

    public void Send(Message answer)
    {
        lock (_waiting)
            _waiting.Enqueue(answer);
        Drain();
    }

    private void Drain()
    {
        lock (_waiting)
        {
            while (LinkCredit.Of(_link) > 0 && !_link.IsClosed && _waiting.TryDequeue(out var answer))
                _link.SendMessage(answer);
            if (_link.IsDraining && _waiting.Count == 0)
                _link.CompleteDrain();
        }
    }
}

/// <summary>How much a client lets us send. The library keeps it to itself, and its callback tells only some of the changes.</summary>
internal static class LinkCredit
{
    // A flow may take credit away while a message goes out; the library then wraps below zero, and this reads as the negative that it is.
    public static int Of(ListenerLink link) => unchecked((int)Get(link));

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Credit")]
    private static extern uint Get(ListenerLink link);
}
