using Orleans.Counter.Counting;

namespace Orleans.Counter.Query;

/// <summary>What was counted of all videos that a channel owns now: exact like a video's, because it is the sum of theirs.</summary>
/// <remarks>A video that changes its channel takes its whole history with it, from the moment when that is answered.</remarks>
internal sealed class ChannelCounts(IGrainFactory grains, VideoCounts counts)
{
    private const int VideosAtOnce = 128;

    /// <summary>How often, in a range. All time costs one call to each shard, which knows the totals of videos at rest; a range, or a caller who wants to see writes, costs a question to each video.</summary>
    public async Task<long> Count(string channelId, EventType type, MinuteRange range, Seen seen, CancellationToken cancellationToken)
    {
        if (range == MinuteRange.Everything && seen == Seen.Anything) return (await AskShards(shard => shard.ChannelTotal(channelId, type, cancellationToken))).Sum(total => total.Count);
        return (await counts.Counts(await Videos(channelId, cancellationToken), type, range, seen, cancellationToken)).Sum();
    }

    /// <summary>The granules of a range that are not empty, in order.</summary>
    public async Task<IReadOnlyList<GranuleCell>> Series(string channelId, EventType type, Granules granules, Seen seen, CancellationToken cancellationToken)
    {
        var sums = new SortedDictionary<Minute, GranuleCell>();
        foreach (var some in (await Videos(channelId, cancellationToken)).Chunk(VideosAtOnce))
        {
            foreach (var series in await Task.WhenAll(some.Select(video => counts.Series(video, type, granules, seen, cancellationToken))))
                foreach (var (granule, cell) in series) sums[granule.From] = new(granule, sums.GetValueOrDefault(granule.From).Cell + cell);
        }

        return [.. sums.Values];
    }

    /// <summary>The videos that it owns now: a call to each shard.</summary>
    public async Task<IReadOnlyList<VideoId>> Videos(string channelId, CancellationToken cancellationToken) =>
        [.. (await AskShards(shard => shard.ChannelVideos(channelId, cancellationToken))).SelectMany(videos => videos)];

    private Task<T[]> AskShards<T>(Func<IShardGrain, ValueTask<T>> ask) => Task.WhenAll(Shard.All.Select(shard => ask(grains.GetGrain<IShardGrain>(shard.ToString())).AsTask()));
}
