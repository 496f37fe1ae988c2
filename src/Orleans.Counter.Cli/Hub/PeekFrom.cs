using System.Globalization;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Cli.Hub;

/// <summary>Where looking begins.</summary>
internal readonly record struct PeekFrom
{
    private readonly EventPosition? _position;
    private readonly Func<PartitionProperties, bool>? _isThere;

    private PeekFrom(EventPosition position, Func<PartitionProperties, bool> isThere) => (_position, _isThere) = (position, isThere);

    /// <summary>So that as many events are shown as were asked for, and none comes after them.</summary>
    public static PeekFrom LastOnes => default;

    public static bool TryParse(string text, out PeekFrom from)
    {
        PeekFrom? found = text switch
        {
            "beginning" => new(EventPosition.Earliest, _ => true),
            "end" => new(EventPosition.Latest, _ => false),
            _ when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => new(EventPosition.After(number - 1), partition => number <= partition.LastSequenceNumber),
            _ when text.Contains('T', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) =>
                new(EventPosition.EnqueuedAfter(time.AddMilliseconds(-1)), partition => time <= partition.LastEnqueuedTime),
            _ => null,
        };
        from = found ?? default;
        return found is not null;
    }

    /// <summary>True if the partition holds an event from there on.</summary>
    public bool IsThere(PartitionProperties partition) => !partition.IsEmpty && (_isThere?.Invoke(partition) ?? true);

    public EventPosition In(PartitionProperties partition, int count) =>
        _position ?? EventPosition.After(Math.Max(partition.BeginSequenceNumber, partition.LastSequenceNumber - count + 1) - 1);
}
