using System.Text.Json.Serialization;
using Orleans.Counter.Counting;

namespace Orleans.Counter.Query;

/// <summary>How often something happened.</summary>
internal sealed record CountAnswer(string VideoId, string Type, long Count);

/// <summary>When it happened.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="Type">The type.</param>
/// <param name="Granularity">How fine the points are; chosen by the service if <c>auto</c> was asked for.</param>
/// <param name="TimeZone">Where the granules begin.</param>
/// <param name="Points">In order.</param>
internal sealed record SeriesAnswer(string VideoId, string Type, string Granularity, string TimeZone, IReadOnlyList<PointAnswer> Points);

/// <summary>How often something happened to all videos that a channel owns now.</summary>
internal sealed record ChannelCountAnswer(string ChannelId, string Type, long Count);

/// <summary>When it happened to them.</summary>
/// <param name="ChannelId">The channel.</param>
/// <param name="Type">The type.</param>
/// <param name="Granularity">How fine the points are; chosen by the service if <c>auto</c> was asked for.</param>
/// <param name="TimeZone">Where the granules begin.</param>
/// <param name="Points">In order.</param>
internal sealed record ChannelSeriesAnswer(string ChannelId, string Type, string Granularity, string TimeZone, IReadOnlyList<PointAnswer> Points);

/// <summary>One granule. At the edges it holds only what lies inside the range.</summary>
/// <param name="Start">Where the granule begins, as the clocks of the time zone show it.</param>
/// <param name="Count">Events.</param>
/// <param name="Sum">Of their values.</param>
/// <param name="Min">The smallest value; null if there is none.</param>
/// <param name="Max">The largest value; null if there is none.</param>
internal sealed record PointAnswer([property: JsonConverter(typeof(LocalTimeJson))] DateTimeOffset Start, long Count, double Sum, double? Min, double? Max);

/// <summary>What the values that came with a video's events come to.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="Type">The type.</param>
internal sealed record StatsAnswer(string VideoId, string Type)
{
    /// <summary>What was asked for, by the names of <see cref="Function"/>; <c>avg</c>, <c>min</c> and <c>max</c> are null if nothing was counted.</summary>
    [JsonExtensionData]
    public IDictionary<string, object?> Values { get; init; } = new Dictionary<string, object?>();
}

/// <summary>How often something happened to each of many videos.</summary>
/// <param name="Type">The type.</param>
/// <param name="Counts">By video, in the order of the question; 0 for one that was never seen.</param>
internal sealed record CountsAnswer(string Type, IReadOnlyDictionary<string, long> Counts);

/// <summary>The most counted videos.</summary>
/// <param name="Type">The type.</param>
/// <param name="Window">How long the windows are.</param>
/// <param name="AsOf">Whatever was counted by then had its chance to be listed; the counts themselves are those of now.</param>
/// <param name="Last">The last full window.</param>
/// <param name="Running">The window that is not over yet.</param>
internal sealed record TopAnswer(string Type, string Window, DateTime AsOf, TopWindowAnswer Last, TopWindowAnswer Running);

/// <summary>The most counted videos of one window.</summary>
/// <param name="Start">Its first minute, in UTC.</param>
/// <param name="End">The first minute after it.</param>
/// <param name="Videos">With the most counted first; those that are counted alike by their ids.</param>
internal sealed record TopWindowAnswer(DateTime Start, DateTime End, IReadOnlyList<TopVideoAnswer> Videos);

/// <summary>A video, and how often it was counted in the window.</summary>
internal sealed record TopVideoAnswer(string VideoId, long Count);

/// <summary>What is known of a video.</summary>
/// <param name="VideoId">The video.</param>
/// <param name="Title">As it was set; null if it was not.</param>
/// <param name="ChannelId">As it was set; null if it was not.</param>
/// <param name="First">The earliest minute of any type, in UTC; null if nothing was counted.</param>
/// <param name="Last">The latest minute of any type, in UTC; null if nothing was counted.</param>
/// <param name="Totals">All time, by type, for the types that were seen.</param>
/// <param name="Duplicates">Events that were recognised as repeats, and are not counted.</param>
/// <param name="DeadLettered">Events that were set aside: for their time, or because their type was one too many.</param>
internal sealed record VideoAnswer(
    string VideoId, string? Title, string? ChannelId, DateTime? First, DateTime? Last, IReadOnlyDictionary<string, TotalAnswer> Totals, long Duplicates, long DeadLettered)
{
    public static VideoAnswer Of(VideoId video, Portrait portrait) => new(
        video.Value, portrait.Metadata.Title, portrait.Metadata.ChannelId, portrait.First?.Start.UtcDateTime, portrait.Last?.Start.UtcDateTime,
        portrait.Totals.OrderBy(total => total.Type.Value, StringComparer.Ordinal)
            .ToDictionary(total => total.Type.Value, total => new TotalAnswer(total.Total.Count, total.Total.Sum, total.Total.Min, total.Total.Max)),
        portrait.Duplicates, portrait.DeadLettered);
}

/// <summary>All that was counted of a type.</summary>
/// <param name="Count">Events.</param>
/// <param name="Sum">Of their values.</param>
/// <param name="Min">The smallest value.</param>
/// <param name="Max">The largest value.</param>
internal sealed record TotalAnswer(long Count, double Sum, double Min, double Max);
