using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace Orleans.Counter.Dev.Hubs;

/// <summary>The service's errors, in its words: clients decide by the condition, and some by the text.</summary>
internal static class Refusals
{
    public const string ArgumentOutOfRange = "com.microsoft:argument-out-of-range";

    /// <summary>With all its fields: the Python client reads the last one by its place, and the library leaves out those at the end that are null.</summary>
    public static Error Error(string condition, string description) => new(new Symbol(condition)) { Description = description, Info = new Fields() };

    public static AmqpException NotFound(string entity) =>
        new(Error("amqp:not-found", $"The messaging entity 'sb://localhost/{entity}' could not be found."));

    public static AmqpException Unauthorized(string entity) =>
        new(Error("amqp:unauthorized-access", $"Unauthorized access. A token for this resource is required. Resource: 'sb://localhost/{entity}'."));

    public static AmqpException PartitionOutOfRange(string hub, string partition, int partitionCount) => new(Error(
        ArgumentOutOfRange,
        $"The specified partition '{partition}' is invalid for an EventHub partition sender or receiver of '{hub}'. " +
        $"It should be between 0 and {partitionCount - 1}."));

    public static AmqpException BadFilter(string filter) => new(Error("amqp:invalid-field", $"The selector '{filter}' cannot be understood."));

    /// <summary>The service's text for a position after the last event; <paramref name="what"/> is "offset" or "sequence number".</summary>
    public static AmqpException PastTheEnd(string what, string supplied, string last) => new(Error(
        "com.microsoft:argument-error",
        $"The supplied {what} '{supplied}' is invalid. The last {what} in the system is '{last}'"));

    public static AmqpException LowerEpoch(string name, long epoch, long current) => new(Error(
        "amqp:link:stolen",
        $"Receiver '{name}' with a lower epoch of '{epoch}' cannot be created because a receiver with a higher epoch exists: its epoch is '{current}'."));

    public static AmqpException EpochReaderExists(string name, long current) => new(Error(
        "amqp:link:stolen",
        $"At least one receiver for the endpoint is created with epoch of '{current}', and so non-epoch receiver is not allowed. " +
        $"Either reconnect '{name}' with a higher epoch, or make sure all epoch receivers are closed or disconnected."));

    public static AmqpException TooManyReaders(int max) => new(Error(
        "amqp:resource-limit-exceeded", $"Exceeded the maximum number of allowed receivers per partition in a consumer group which is {max}."));

    public static Error Evicted(string byName, long byEpoch, string name, long epoch) => Error(
        "amqp:link:stolen",
        $"New receiver '{byName}' with higher epoch of '{byEpoch}' is created hence current receiver '{name}' with epoch '{epoch}' is getting disconnected. " +
        "If you are recreating the receiver, make sure a higher epoch is used.");
}
