using Orleans.Counter.Counting;

namespace Orleans.Counter.Query;

/// <summary>What was counted of a video: it is asked first, and what is stored of it after that.</summary>
internal sealed class VideoCounts(IGrainFactory grains, Tiers tiers)
{
    private const int VideosAtOnce = 128;

    /// <summary>What the video knows without looking anything up: one call. Every other answer begins with it.</summary>
    public async Task<Recent> Recent(VideoId video, EventType type, Seen seen, CancellationToken cancellationToken)
    {
        var recent = await grains.GetGrain<IVideoGrain>(video.Value).Recent(type, cancellationToken);
        seen.Check(video, recent.Position);
        return recent;
    }

    /// <summary>How often, in a range.</summary>
    public async Task<long> Count(VideoId video, EventType type, MinuteRange range, Seen seen, CancellationToken cancellationToken) =>
        await Count(video, type, await Recent(video, type, seen, cancellationToken), range, cancellationToken);

    /// <summary>How often, in a range. Where that holds all events of the video, it is the total, and nothing is read.</summary>
    public async Task<long> Count(VideoId video, EventType type, Recent recent, MinuteRange range, CancellationToken cancellationToken) =>
        HoldsAll(range, recent) ? recent.Total.Count : (await Sum(video, type, recent, range, cancellationToken)).Count;

    /// <summary>The sum over a range: over all time the total, which may remember a smallest and a largest value that corrections have taken out since; else the sum of its minutes.</summary>
    public async Task<Cell> Sum(VideoId video, EventType type, Recent recent, MinuteRange range, CancellationToken cancellationToken)
    {
        if (range == MinuteRange.Everything || (HoldsAll(range, recent) && recent.Total.IsPlain)) return recent.Total;
        return await tiers.Read(video, type, recent, Granules.Whole(range), cancellationToken) is [var whole] ? whole.Cell : Cell.Nothing;
    }

    /// <summary>How often, in a range, for each of many videos, in their order.</summary>
    public async Task<IReadOnlyList<long>> Counts(IReadOnlyList<VideoId> videos, EventType type, MinuteRange range, Seen seen, CancellationToken cancellationToken)
    {
        var counts = new List<long>(videos.Count);
        foreach (var some in videos.Chunk(VideosAtOnce)) counts.AddRange(await Task.WhenAll(some.Select(video => Count(video, type, range, seen, cancellationToken))));
        return counts;
    }

    /// <summary>The granules of a range that are not empty, in order.</summary>
    public async Task<IReadOnlyList<GranuleCell>> Series(VideoId video, EventType type, Granules granules, Seen seen, CancellationToken cancellationToken) =>
        await Series(video, type, await Recent(video, type, seen, cancellationToken), granules, cancellationToken);

    /// <summary>The granules of a range that are not empty, in order.</summary>
    public Task<IReadOnlyList<GranuleCell>> Series(VideoId video, EventType type, Recent recent, Granules granules, CancellationToken cancellationToken) =>
        tiers.Read(video, type, recent, granules, cancellationToken);

    private static bool HoldsAll(MinuteRange range, Recent recent) => recent.First is { } first && recent.Last is { } last && range.Contains(first) && range.Contains(last);
}
