namespace Orleans.Counter.Client;

/// <summary>One thing that happened to a video.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="Type">What happened.</param>
/// <param name="Id">
/// 1 to 128 printable ASCII characters that name this event among those of the same video and type: a repeat within ten minutes is not counted again.
/// Null: the client gives it a random id for the one call, so the call's own retries count it once, but a second call counts it again.
/// </param>
/// <param name="Timestamp">When it happened: at most 7 days ago, at most 5 minutes ahead. Null: when the service receives it.</param>
/// <param name="Value">A finite number, such as the seconds watched.</param>
public readonly record struct CounterEvent(VideoId VideoId, EventType Type, string? Id = null, DateTimeOffset? Timestamp = null, double Value = 1);
