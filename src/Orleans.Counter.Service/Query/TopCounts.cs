using Orleans.Counter.Counting;

namespace Orleans.Counter.Query;

/// <summary>The most counted videos: those that the shards know to be the first, with what the videos themselves say now.</summary>
internal sealed class TopCounts(IGrainFactory grains, TimeProvider clock)
{
    /// <summary>The most that can be asked for.</summary>
    public const int VideosMax = 100;

    /// <summary>As many where nothing is said.</summary>
    public const int VideosDefault = 50;

    /// <summary>The window where nothing is said.</summary>
    public const string WindowDefault = "hour";

    /// <summary>How long a window may be, by its name.</summary>
    public static readonly IReadOnlyDictionary<string, WindowLength> Windows = TopWindow.Lengths.ToDictionary(length => length.ToString().ToLowerInvariant());

    /// <summary>The last full window and the running one. Costs a call to each shard, and one to each video that may be listed.</summary>
    /// <returns>Null if a shard has lists of so many types that this one has none.</returns>
    public async Task<TopAnswer?> Ask(EventType type, WindowLength length, int limit, CancellationToken cancellationToken)
    {
        var running = TopWindow.Of(length, Minute.Of(clock.GetUtcNow()));
        TopWindow[] windows = [running.Previous, running];
        var shards = await Task.WhenAll(Shard.All.Select(shard => grains.GetGrain<IShardGrain>(shard.ToString()).Top(type, windows, VideosMax, cancellationToken).AsTask()));
        if (!shards.All(shard => shard.IsKept)) return null;
        VideoId[][] first = [.. windows.Select((_, i) => TopVideo.Ranked(shards.SelectMany(shard => shard.Lists[i])).Take(VideosMax).Select(video => video.Video).ToArray())];
        VideoId[] videos = [.. first.SelectMany(some => some).Distinct()];
        var counts = await Task.WhenAll(videos.Select(video => grains.GetGrain<IVideoGrain>(video.Value).Windows(type, cancellationToken).AsTask()));
        var known = videos.Zip(counts).ToDictionary(one => one.First, one => one.Second);

        return new(type.Value, length.ToString().ToLowerInvariant(), shards.Min(shard => shard.ToldThrough).UtcDateTime, Of(0), Of(1));

        TopWindowAnswer Of(int window)
        {
            var now = first[window].Select(video => new TopVideo(video, known[video].FirstOrDefault(count => count.Window == windows[window]).Count)).Where(video => video.Count > 0);
            return new(windows[window].Start.UtcDateTime, windows[window].End.UtcDateTime, [.. TopVideo.Ranked(now).Take(limit).Select(video => new TopVideoAnswer(video.Video.Value, video.Count))]);
        }
    }
}
