using System.Globalization;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Tests.Ingest;

/// <summary>An event as it came out of a frame again.</summary>
internal sealed record SentEvent(string Video, string Type, ulong Id, long Time, double Value);

/// <summary>Reads frames with the generated parser: what any other reader of frame.proto would see.</summary>
internal static class SentFrames
{
    public static Frame Frame(this ReceivedEvent message) => Counter.Frame.Parser.ParseFrom(message.Body.Span);

    public static int EventsProperty(this ReceivedEvent message) => (int)message.Properties["events"];

    public static IEnumerable<SentEvent> Events(this Frame frame)
    {
        var time = frame.BaseTime;
        var values = frame.Valued.Zip(frame.Value).ToDictionary(pair => (int)pair.First, pair => pair.Second);
        for (var i = 0; i < frame.Video.Count; i++)
        {
            time += frame.Time.Count == 0 ? 0 : frame.Time[i];
            yield return new(
                frame.Videos[(int)frame.Video[i]], frame.Types_[frame.Type.Count == 0 ? 0 : (int)frame.Type[i]], frame.Id.Count == 0 ? 0 : frame.Id[i], time,
                values.GetValueOrDefault(i, 1));
        }
    }

    /// <summary>All messages of the hub, with the number of their partition.</summary>
    public static IEnumerable<(int Partition, ReceivedEvent Message)> Messages(this MemoryHub hub) =>
        from id in hub.PartitionIds
        from message in hub.Log(id)
        select (int.Parse(id, CultureInfo.InvariantCulture), message);

    /// <summary>All events of the hub, in the order of each partition.</summary>
    public static IReadOnlyList<SentEvent> Events(this MemoryHub hub) => [.. hub.Messages().SelectMany(one => one.Message.Frame().Events())];
}
