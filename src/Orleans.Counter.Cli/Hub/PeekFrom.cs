using System.Globalization;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Cli.Hub;

/// <summary>Where looking begins.</summary>
internal readonly record struct PeekFrom
{
    private readonly EventPosition? _position;

    private PeekFrom(EventPosition position) => _position = position;

    /// <summary>So that as many events are shown as were asked for, and none comes after them.</summary>
    public static PeekFrom LastOnes => default;

    public static bool TryParse(string text, out PeekFrom from)
    {
        EventPosition? position = text switch
        {
            "beginning" => EventPosition.Earliest,
            "end" => EventPosition.Latest,
            _ when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => EventPosition.After(number - 1),
            _ when text.Contains('T', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) =>
                EventPosition.EnqueuedAfter(time.AddMilliseconds(-1)),
            _ => null,
        };
        from = position is { } found ? new(found) : default;
        return position is not null;
    }

    public EventPosition In(PartitionProperties partition, int count) => _position ?? EventPosition.After(Math.Max(partition.BeginSequenceNumber, partition.LastSequenceNumber - count + 1) - 1);
}
