using Orleans.Counter.Counting;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Query;

/// <summary>What was counted of a video in a range: each minute from exactly one place.</summary>
/// <remarks>
/// The video is asked first, the rows after it. An hour that is settled in between then stands in both places, and the open one wins, with the value that it had
/// when the video answered. The other way around it could be missed.
/// </remarks>
internal sealed class VideoCounts(IGrainFactory grains, ICountStore store)
{
    private const int ReadsAtOnce = 16;
    private const int VideosAtOnce = 128;

    /// <summary>The sum over a range. All time costs one call to the video and nothing else; a range costs a point read for every settled day in it.</summary>
    public async Task<Cell> Sum(VideoId video, EventType type, MinuteRange range, Seen seen, CancellationToken cancellationToken)
    {
        var recent = await Recent(video, type, seen, cancellationToken);
        if (recent.First is not { } first || recent.Last is not { } last) return Cell.Nothing;
        if (range.Contains(first) && range.Contains(last)) return recent.Total;
        return (await Minutes(video, type, recent, range, cancellationToken)).Aggregate(Cell.Nothing, (sum, minute) => sum + minute.Cell);
    }

    /// <summary>The sum over a range for each of many videos, in their order.</summary>
    public async Task<IReadOnlyList<Cell>> Sums(IReadOnlyList<VideoId> videos, EventType type, MinuteRange range, Seen seen, CancellationToken cancellationToken)
    {
        var sums = new List<Cell>(videos.Count);
        foreach (var some in videos.Chunk(VideosAtOnce)) sums.AddRange(await Task.WhenAll(some.Select(video => Sum(video, type, range, seen, cancellationToken))));
        return sums;
    }

    /// <summary>The minutes of a range that are not empty, in order: one call to the video, and a point read for every settled day.</summary>
    public async Task<IReadOnlyList<(Minute Minute, Cell Cell)>> Minutes(VideoId video, EventType type, MinuteRange range, Seen seen, CancellationToken cancellationToken) =>
        await Minutes(video, type, await Recent(video, type, seen, cancellationToken), range, cancellationToken);

    private async Task<Recent> Recent(VideoId video, EventType type, Seen seen, CancellationToken cancellationToken)
    {
        var recent = await grains.GetGrain<IVideoGrain>(video.Value).Recent(type, cancellationToken);
        seen.Check(video, recent.Position);
        return recent;
    }

    private async Task<IReadOnlyList<(Minute Minute, Cell Cell)>> Minutes(VideoId video, EventType type, Recent recent, MinuteRange range, CancellationToken cancellationToken)
    {
        if (recent.First is not { } first || recent.Last is not { } last || range.Within(first, last) is not { } within) return [];
        var settled = recent.SettledThrough is { } through && through >= within.From.Hour ? await Settled(video, type, within, through, cancellationToken) : [];
        var open = recent.Open.Select(hour => hour.Hour).ToHashSet();
        return [.. settled.Where(hour => !open.Contains(hour.Hour)).Concat(recent.Open)
            .SelectMany(hour => hour.Cells.Select(cell => (Minute: hour.MinuteOf(cell), cell.Cell)))
            .Where(minute => within.Contains(minute.Minute))
            .OrderBy(minute => minute.Minute)];
    }

    private async Task<IEnumerable<HourCells>> Settled(VideoId video, EventType type, MinuteRange range, int through, CancellationToken cancellationToken)
    {
        var firstDay = TableLayout.DayOf(range.From.Hour);
        var lastDay = TableLayout.DayOf(Math.Min(through, new Minute(range.To.Number - 1).Hour));
        var rows = new List<Versioned<DayRow>?>();
        foreach (var days in Enumerable.Range(firstDay.DayNumber, lastDay.DayNumber - firstDay.DayNumber + 1).Chunk(ReadsAtOnce))
            rows.AddRange(await Task.WhenAll(days.Select(day => store.ReadDay(video, type, DateOnly.FromDayNumber(day), cancellationToken).AsTask())));
        return rows.SelectMany(day => day?.Row.Hours ?? []);
    }
}
