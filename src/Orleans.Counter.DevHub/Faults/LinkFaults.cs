using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Orleans.Counter.Dev.Hubs;
using Orleans.Counter.Dev.Protocol;

namespace Orleans.Counter.Dev.Faults;

/// <summary>An open link, as faults see it.</summary>
internal sealed class LinkFaults
{
    private readonly FaultPlan _plan;
    private readonly ListenerLink _link;
    private readonly GatedTransport _transport;

    public LinkFaults(FaultPlan plan, ListenerLink link, GatedTransport transport, string hub, int? partition)
    {
        (_plan, _link, _transport, Hub, Partition) = (plan, link, transport, hub, partition);
        link.Closed += (_, _) => plan.Forget(this);
        plan.Watch(this);
        if (link.IsClosed)
            plan.Forget(this);
    }

    public string Hub { get; }

    public int? Partition { get; }

    /// <summary>What goes wrong now; <paramref name="partition"/> is where a message to the whole hub goes.</summary>
    public Fault? Next(FaultMoment moment, int? partition = null) => _plan.Next(moment, Hub, partition ?? Partition);

    /// <summary>Ends the link or its connection, as a fault says.</summary>
    public void End(Fault fault)
    {
        if (fault.Kind is FaultKind.Drop)
        {
            _transport.Close();
            return;
        }

        try
        {
            AmqpObject ended = fault.Kind is FaultKind.Close ? _link.Session.Connection : _link;
            ended.Close(TimeSpan.Zero, FaultErrors.Of(fault));
        }
        catch (Exception e) when (e is AmqpException or ObjectDisposedException)
        {
            // The client has gone by itself.
        }
    }
}

/// <summary>What the service says when it does what a fault does.</summary>
internal static class FaultErrors
{
    public static Error Of(Fault fault)
    {
        var (condition, description) = fault.Kind switch
        {
            FaultKind.Throttle => (
                "com.microsoft:server-busy",
                "The request was terminated because the entity is being throttled. Error code : 50002. Please wait 4 seconds and try again."),
            FaultKind.Detach => (
                "amqp:link:detach-forced",
                "The link is force detached by the broker because it is idle. Details: AmqpEventHubPublisher.IdleTimerExpired: Idle timeout: 00:30:00."),
            FaultKind.Close => (
                "amqp:connection:forced",
                "The connection was inactive for more than the allowed 300000 milliseconds and is closed by container 'LinkTracker'."),
            _ => (ErrorCode.InternalError, "The service was unable to process the request; please retry the operation."),
        };
        return Refusals.Error(fault.Condition ?? condition, fault.Description ?? description);
    }
}
