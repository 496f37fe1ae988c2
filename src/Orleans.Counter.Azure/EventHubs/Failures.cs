using System.Text.RegularExpressions;
using Amqp;
using Amqp.Framing;

namespace Orleans.Counter.EventHubs;

/// <summary>What the service's, the protocol's and the socket's errors mean to a caller: the one place that knows.</summary>
internal static partial class Failures
{
    public static EventHubsFailure Of(string? condition, string? description) => condition switch
    {
        "amqp:unauthorized-access" => EventHubsFailure.Unauthorized,

        // Without this text it is about a link or session that one of the two sides no longer knows.
        "amqp:not-found" => Says(CouldNotBeFound(), description) ? EventHubsFailure.ResourceNotFound : EventHubsFailure.Communication,
        "com.microsoft:argument-out-of-range" => Says(InvalidPartition(), description) ? EventHubsFailure.ResourceNotFound : EventHubsFailure.General,
        "com.microsoft:argument-error" => Says(InvalidPosition(), description) ? EventHubsFailure.InvalidPosition : EventHubsFailure.General,
        "com.microsoft:georeplication:invalid-offset" => EventHubsFailure.InvalidPosition,

        "amqp:link:stolen" => EventHubsFailure.ConsumerDisconnected,
        "amqp:resource-limit-exceeded" => EventHubsFailure.QuotaExceeded,
        "amqp:link:message-size-exceeded" => EventHubsFailure.MessageSizeExceeded,
        "com.microsoft:server-busy" => EventHubsFailure.ServiceBusy,
        "com.microsoft:timeout" => EventHubsFailure.ServiceTimeout,

        "amqp:internal-error" or "com.microsoft:operation-cancelled" or "com.microsoft:partition-not-owned" or "com.microsoft:store-lock-lost"
            or "amqp:link:detach-forced" or "amqp:link:transfer-limit-exceeded" or "amqp:link:redirect" or "amqp:illegal-state"
            or "amqp:connection:forced" or "amqp:connection:redirect" or "amqp:connection:framing-error"
            or "amqp:session:errant-link" or "amqp:session:handle-in-use" or "amqp:session:unattached-handle" or "amqp:session:window-violation"
            => EventHubsFailure.Communication,

        // Closed without a word.
        null => EventHubsFailure.Communication,
        _ => EventHubsFailure.General,
    };

    public static EventHubsFailure OfStatus(int status, string? condition, string? description) => status switch
    {
        401 => EventHubsFailure.Unauthorized,
        404 => EventHubsFailure.ResourceNotFound,
        _ when condition is not null => Of(condition, description),
        403 => EventHubsFailure.QuotaExceeded,
        408 or 504 => EventHubsFailure.ServiceTimeout,
        503 => EventHubsFailure.ServiceBusy,
        410 or 500 => EventHubsFailure.Communication,
        _ => EventHubsFailure.General,
    };

    public static EventHubsException From(Error? error, string doing)
    {
        var condition = (string?)error?.Condition;
        return new(Of(condition, error?.Description), $"{doing}: {condition ?? "closed without an error"}. {error?.Description}".TrimEnd());
    }

    public static EventHubsException From(Exception exception, string doing) => exception switch
    {
        EventHubsException known => known,
        AmqpException amqp => new(Of(amqp.Error?.Condition, amqp.Error?.Description), $"{doing}: {amqp.Error?.Condition}. {amqp.Message}", amqp),

        // A certificate that is not trusted does not become so by waiting.
        System.Security.Authentication.AuthenticationException => new(EventHubsFailure.General, $"{doing}: {exception.Message}", exception),
        System.Net.Sockets.SocketException or IOException or ObjectDisposedException or OperationCanceledException
            => new(EventHubsFailure.Communication, $"{doing}: {exception.Message}", exception),
        _ => new(EventHubsFailure.General, $"{doing}: {exception.Message}", exception),
    };

    /// <summary>Null if the answer is a good one.</summary>
    public static EventHubsException? FromAnswer(Message answer, string doing)
    {
        var properties = answer.ApplicationProperties?.Map;
        var status = properties?["status-code"] is int code ? code : 500;
        if (status is >= 200 and < 300) return null;
        var description = properties?["status-description"] as string;
        var condition = (properties?["error-condition"] ?? properties?["errorCondition"])?.ToString(); // a symbol, or a string
        return new(OfStatus(status, condition, description), $"{doing}: {status} {condition}. {description}".TrimEnd());
    }

    private static bool Says(Regex pattern, string? description) => description is not null && pattern.IsMatch(description);

    [GeneratedRegex("could not be found", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex CouldNotBeFound();

    [GeneratedRegex("partition\\b.* is invalid", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex InvalidPartition();

    [GeneratedRegex("The supplied (offset|sequence number) '.*' is invalid", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex InvalidPosition();
}
