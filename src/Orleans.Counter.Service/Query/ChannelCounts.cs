using Orleans.Counter.Counting;

namespace Orleans.Counter.Query;

/// <summary>What was counted of all videos that a channel owns now: exact like a video's, because it is the sum of theirs.</summary>
/// <remarks>A video that changes its channel takes its whole history with it, from the moment when that is answered.</remarks>
internal sealed class ChannelCounts(IGrainFactory grains, VideoCounts counts)
{
    private const int VideosAtOnce = 128;

    /// <summary>The sum over a range. All time costs one call to each shard, which knows the totals of videos at rest; a range costs what it costs for each video.</summary>
    public async Task<Cell> Sum(string channelId, EventType type, MinuteRange range, CancellationToken cancellationToken)
    {
        if (range == MinuteRange.Everything) return Add(await AskShards(shard => shard.ChannelTotal(channelId, type, cancellationToken)));
        return Add(await counts.Sums(await Videos(channelId, cancellationToken), type, range, Seen.Anything, cancellationToken));
    }

    /// <summary>The minutes of a range that are not empty, in order.</summary>
    public async Task<IReadOnlyList<(Minute Minute, Cell Cell)>> Minutes(string channelId, EventType type, MinuteRange range, CancellationToken cancellationToken)
    {
        var sums = new SortedDictionary<Minute, Cell>();
        foreach (var some in (await Videos(channelId, cancellationToken)).Chunk(VideosAtOnce))
        {
            var minutes = await Task.WhenAll(some.Select(video => counts.Minutes(video, type, range, Seen.Anything, cancellationToken)));
            foreach (var (minute, cell) in minutes.SelectMany(one => one)) sums[minute] = sums.GetValueOrDefault(minute) + cell;
        }

        return [.. sums.Select(sum => (sum.Key, sum.Value))];
    }

    private static Cell Add(IEnumerable<Cell> cells) => cells.Aggregate(Cell.Nothing, (sum, cell) => sum + cell);

    private async Task<IReadOnlyList<VideoId>> Videos(string channelId, CancellationToken cancellationToken) =>
        [.. (await AskShards(shard => shard.ChannelVideos(channelId, cancellationToken))).SelectMany(videos => videos)];

    private Task<T[]> AskShards<T>(Func<IShardGrain, ValueTask<T>> ask) => Task.WhenAll(Shard.All.Select(shard => ask(grains.GetGrain<IShardGrain>(shard.ToString())).AsTask()));
}
