using Google.Protobuf;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Tests;

/// <summary>An event as a test says it.</summary>
internal sealed record Event(VideoId Video, DateTimeOffset Time, string Type = "view", string? Id = null, double Value = 1);

/// <summary>Frames as ingest packs them, made by hand so that a test can also make wrong ones.</summary>
internal static class Events
{
    private static ulong _number;

    public static Frame Frame(params IReadOnlyList<Event> events)
    {
        var frame = new Frame { Version = 1, Writer = 7, Number = Interlocked.Increment(ref _number), BaseTime = events[0].Time.ToUnixTimeMilliseconds() };
        var before = frame.BaseTime;
        foreach (var (one, index) in events.Select((one, index) => (one, index)))
        {
            if (!frame.Videos.Contains(one.Video.Value)) frame.Videos.Add(one.Video.Value);
            if (!frame.Types_.Contains(one.Type)) frame.Types_.Add(one.Type);
            frame.Video.Add((uint)frame.Videos.IndexOf(one.Video.Value));
            frame.Type.Add((uint)frame.Types_.IndexOf(one.Type));
            frame.Id.Add(one.Id is null ? 0 : System.IO.Hashing.XxHash3.HashToUInt64(System.Text.Encoding.ASCII.GetBytes($"{one.Type}\n{one.Id}")));
            frame.Time.Add(one.Time.ToUnixTimeMilliseconds() - before);
            before = one.Time.ToUnixTimeMilliseconds();
            if (one.Value == 1) continue;
            frame.Valued.Add((uint)index);
            frame.Value.Add(one.Value);
        }

        return frame;
    }

    public static EventData Data(this Frame frame) => new(frame.ToByteArray(), new Dictionary<string, object> { ["events"] = frame.Video.Count });
}
