using System.Text.Json.Serialization;

namespace Orleans.Counter.Client;

/// <summary>What the service said to the events of one call.</summary>
/// <param name="Accepted">How many are in the log now. Each will be counted, recognised as a repeat, or set aside with a reason; none is lost.</param>
/// <param name="Rejected">Those that break a rule and will never be counted, as sent; empty when all is well.</param>
public sealed record SendResult(int Accepted, IReadOnlyList<Rejection> Rejected)
{
    /// <summary>Given to a question, lets it wait until these events can be seen. Null if none was accepted.</summary>
    [JsonIgnore]
    public string? Ack { get; init; }
}

/// <summary>An event that will never be counted as it was sent.</summary>
/// <param name="Index">Its index in the list that was sent.</param>
/// <param name="Code">The stable, machine-readable reason, such as <c>too_old</c>.</param>
/// <param name="Detail">The reason in words.</param>
public sealed record Rejection(int Index, string Code, string Detail);
