using System.Globalization;
using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Load;

/// <summary>What one minute of a video and type has.</summary>
internal readonly record struct LoadCell(long Count, double Sum, double Min, double Max)
{
    public LoadCell With(double value) => Count is 0 ? new(1, value, value, value) : new(Count + 1, Sum + value, Math.Min(Min, value), Math.Max(Max, value));

    public override string ToString() =>
        Count is 0 ? "nothing" : string.Create(CultureInfo.InvariantCulture, $"count {Count}, sum {Sum}, min {Min}, max {Max}");
}

/// <summary>What the service has to say in the end: every event once. It grows with the minutes in which something happened, not with the events.</summary>
internal sealed class LoadSums
{
    private static readonly IReadOnlyDictionary<DateTimeOffset, LoadCell> Nothing = new Dictionary<DateTimeOffset, LoadCell>();

    private readonly Dictionary<(VideoId, EventType), Dictionary<DateTimeOffset, LoadCell>> _minutes = [];

    /// <summary>How many events there are.</summary>
    public long Total { get; private set; }

    public static DateTimeOffset MinuteOf(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMinute, TimeSpan.Zero);

    /// <summary>One event more, which is new.</summary>
    public void Add(CounterEvent e)
    {
        if (!_minutes.TryGetValue((e.VideoId, e.Type), out var minutes)) _minutes[(e.VideoId, e.Type)] = minutes = [];
        var minute = MinuteOf(e.Timestamp!.Value);
        minutes[minute] = minutes.GetValueOrDefault(minute).With(e.Value);
        Total++;
    }

    /// <summary>The minutes of a video and type that are not empty.</summary>
    public IReadOnlyDictionary<DateTimeOffset, LoadCell> Of(VideoId video, EventType type) => _minutes.GetValueOrDefault((video, type)) ?? Nothing;
}
