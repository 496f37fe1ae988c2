namespace Orleans.Counter.EventHubs;

/// <summary>What went wrong, in the words of the official client where it has one.</summary>
public enum EventHubsFailure
{
    /// <summary>Anything else; the message says what.</summary>
    General,

    /// <summary>The hub, partition or consumer group does not exist.</summary>
    ResourceNotFound,

    /// <summary>The key or token was refused.</summary>
    Unauthorized,

    /// <summary>Throttled: try again after some seconds.</summary>
    ServiceBusy,

    /// <summary>No answer in time. The outcome of a send is unknown.</summary>
    ServiceTimeout,

    /// <summary>The connection failed. The outcome of a send that was under way is unknown.</summary>
    Communication,

    /// <summary>The event is larger than the link allows.</summary>
    MessageSizeExceeded,

    /// <summary>Too many readers or connections.</summary>
    QuotaExceeded,

    /// <summary>Another reader owns the partition.</summary>
    ConsumerDisconnected,

    /// <summary>The position asked for is past the end of the partition.</summary>
    InvalidPosition,
}

/// <summary>Event Hubs refused, or could not be reached.</summary>
public sealed class EventHubsException(EventHubsFailure failure, string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>What went wrong.</summary>
    public EventHubsFailure Failure { get; } = failure;

    /// <summary>True if the same call may succeed later.</summary>
    public bool IsTransient => Failure is EventHubsFailure.ServiceBusy or EventHubsFailure.ServiceTimeout or EventHubsFailure.Communication;
}
