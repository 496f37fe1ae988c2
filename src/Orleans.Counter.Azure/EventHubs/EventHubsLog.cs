using Microsoft.Extensions.Logging;

namespace Orleans.Counter.EventHubs;

/// <summary>Every line that the client writes.</summary>
internal static partial class EventHubsLog
{
    [LoggerMessage(1, LogLevel.Information, "Connected to {Host} for the hub {Hub}.")]
    public static partial void Connected(this ILogger logger, string host, string hub);

    [LoggerMessage(2, LogLevel.Information, "The connection to {Host} is gone: {Condition} {Description}")]
    public static partial void Disconnected(this ILogger logger, string host, string? condition, string? description);

    [LoggerMessage(3, LogLevel.Warning, "The connection is given up, its peer seems dead: {Why}.")]
    public static partial void ConnectionAbandoned(this ILogger logger, string why);

    [LoggerMessage(4, LogLevel.Debug, "The connection was cut, because it did not close in order: {Reason}")]
    public static partial void ConnectionNotClosed(this ILogger logger, string reason);

    [LoggerMessage(5, LogLevel.Debug, "Put a new token for {Audience}.")]
    public static partial void TokenRenewed(this ILogger logger, string audience);

    [LoggerMessage(6, LogLevel.Warning, "No new token for {Audience}; tries again in {Delay}. Links end when the old token does.")]
    public static partial void TokenNotRenewed(this ILogger logger, Exception exception, string audience, TimeSpan delay);

    [LoggerMessage(10, LogLevel.Debug, "Sends to partition {Partition}; events of at most {BytesMax} bytes (0: no limit).")]
    public static partial void SenderAttached(this ILogger logger, string partition, ulong bytesMax);

    [LoggerMessage(11, LogLevel.Warning, "Cannot send to partition {Partition}; {Count} events are refused to their senders.")]
    public static partial void SenderNotAttached(this ILogger logger, Exception exception, string partition, int count);

    [LoggerMessage(12, LogLevel.Warning, "An event for partition {Partition} got no answer within {Timeout}; the link is given up, and what was queued on it.")]
    public static partial void SendUnanswered(this ILogger logger, string partition, TimeSpan timeout);

    [LoggerMessage(13, LogLevel.Debug, "No longer attached to partition {Partition} to send: {Condition} {Description}")]
    public static partial void SenderDetached(this ILogger logger, string partition, string? condition, string? description);

    [LoggerMessage(20, LogLevel.Information, "Reads partition {Partition} at {Position}, owner level {OwnerLevel}.")]
    public static partial void ReaderAttached(this ILogger logger, string partition, EventPosition position, long? ownerLevel);

    [LoggerMessage(21, LogLevel.Warning, "Reading partition {Partition} was interrupted ({Failure}: {Reason}); goes on at {Position} in {Delay}.")]
    public static partial void ReaderInterrupted(
        this ILogger logger, string partition, EventHubsFailure failure, string reason, EventPosition position, TimeSpan delay);

    [LoggerMessage(22, LogLevel.Warning, "Reading partition {Partition} has ended: {Failure}.")]
    public static partial void ReaderEnded(this ILogger logger, Exception exception, string partition, EventHubsFailure failure);

    [LoggerMessage(23, LogLevel.Error, "Partition {Partition} was out of order: got {Found} where {Expected} was due. Reads again from there.")]
    public static partial void OutOfOrder(this ILogger logger, string partition, long expected, long found);

    [LoggerMessage(24, LogLevel.Error, "Partition {Partition} no longer has the events {From} to {To}: retention was faster than this reader.")]
    public static partial void EventsGone(this ILogger logger, string partition, long from, long to);

    [LoggerMessage(25, LogLevel.Warning, "Partition {Partition} has events up to {Last}, but nothing came after {Received} for {Silence}; attaches again.")]
    public static partial void ReaderStuck(this ILogger logger, string partition, long last, long received, TimeSpan silence);

    [LoggerMessage(26, LogLevel.Warning, "Nothing came from partition {Partition} for {Silence}, and the service did not say why.")]
    public static partial void SilenceUnexplained(this ILogger logger, Exception exception, string partition, TimeSpan silence);
}
