namespace Orleans.Counter;

// Shapes for the public words of Orleans.Counter.Contracts, which knows nothing of Orleans. Everything else that crosses silos carries its own [Id]s.
// An [Id] is never reused and an [Alias] never changes; a shape grows by the next [Id], with a default an older silo can live with.

[GenerateSerializer, Alias("counter.videoid")]
internal struct VideoIdWire
{
    [Id(0)] public string Value;
}

[RegisterConverter]
internal sealed class VideoIdConverter : IConverter<VideoId, VideoIdWire>
{
    public VideoId ConvertFromSurrogate(in VideoIdWire wire) => VideoId.Parse(wire.Value);

    public VideoIdWire ConvertToSurrogate(in VideoId video) => new() { Value = video.Value };
}

[GenerateSerializer, Alias("counter.type")]
internal struct EventTypeWire
{
    [Id(0)] public string Value;
}

[RegisterConverter]
internal sealed class EventTypeConverter : IConverter<EventType, EventTypeWire>
{
    public EventType ConvertFromSurrogate(in EventTypeWire wire) => EventType.Parse(wire.Value);

    public EventTypeWire ConvertToSurrogate(in EventType type) => new() { Value = type.Value };
}
