using System.Globalization;
using System.Numerics;
using System.Text;

namespace Orleans.Counter.Ingest;

/// <summary>What can be wrong with one event. Of several faults the lowest is told, whatever the order of the members.</summary>
[Flags]
internal enum EventFaults
{
    None = 0,
    VideoId = 1,
    Type = 2,
    Id = 4,
    Timestamp = 8,
    TooOld = 16,
    InFuture = 32,
    Value = 64,
    UnknownType = 128,
    UnknownVideo = 256,
}

/// <summary>The times that a request's events may have, and the words for what is wrong with them. Made once; <see cref="At"/> gives the bounds of a request.</summary>
/// <param name="acceptanceWindow">How old an event may be.</param>
/// <param name="types">The types that are counted here; all if there is none.</param>
internal sealed class EventRules(TimeSpan acceptanceWindow, params IReadOnlyList<string> types)
{
    /// <summary>How many events a request may have.</summary>
    public const int EventsMax = 5_000;

    /// <summary>What an event may be rejected for.</summary>
    public static readonly IReadOnlyList<string> Codes =
        ["invalid_video_id", "invalid_type", "invalid_id", "invalid_timestamp", "too_old", "in_future", "invalid_value", "unknown_type", "unknown_video"];

    private readonly byte[][] _types = [.. types.Select(Encoding.ASCII.GetBytes)];

    private readonly string[] _details =
    [
        $"videoId is required, and must be a string: {VideoId.Rule}.",
        $"type must be a string: {EventType.Rule}. Leave it out for 'view'.",
        $"id must be a string: {IdHash.Rule}. Leave it out if the event has none.",
        "timestamp must be a string in RFC 3339 with an offset, like 2026-11-23T10:05:00.250Z. Leave it out for the time of arrival.",
        string.Create(CultureInfo.InvariantCulture, $"timestamp is more than {acceptanceWindow:d'.'hh':'mm':'ss} (days.hours:minutes:seconds) in the past."),
        "timestamp is more than 5 minutes in the future.",
        "value must be a finite number. Leave it out for 1.",
        $"type is not one that is counted here; there are {string.Join(", ", types)}.",
        "videoId is of no video that is known here. PUT /v1/videos/{videoId} makes it known.",
    ];

    /// <summary>What is wrong with an event that keeps all other rules.</summary>
    public EventFaults Judge(ReadOnlySpan<byte> type)
    {
        foreach (var known in _types) if (type.SequenceEqual(known)) return EventFaults.None;
        return _types.Length == 0 ? EventFaults.None : EventFaults.UnknownType;
    }

    public Rejection Reject(int index, EventFaults faults)
    {
        var lowest = BitOperations.TrailingZeroCount((int)faults);
        return new(index, Codes[lowest], _details[lowest]);
    }

    /// <summary>Now, and the oldest and newest time that is accepted now, in Unix milliseconds; both ends belong to the range.</summary>
    public (long Now, long Oldest, long Newest) At(DateTimeOffset now)
    {
        var milliseconds = now.ToUnixTimeMilliseconds();
        return (milliseconds, milliseconds - (long)acceptanceWindow.TotalMilliseconds, milliseconds + (long)AcceptanceOptions.Ahead.TotalMilliseconds);
    }
}
