namespace Orleans.Counter;

/// <summary>What somebody said of a video. Kept in the row of its counts, so that no other place has to be asked.</summary>
/// <param name="Title">For people; null if nobody said.</param>
/// <param name="ChannelId">Who owns the video; null if nobody said.</param>
[GenerateSerializer, Immutable, Alias("counter.metadata")]
internal readonly record struct Metadata([property: Id(0)] string? Title, [property: Id(1)] string? ChannelId);
