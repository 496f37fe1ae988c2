using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Benchmarks.History;

/// <summary>History as import and rollup leave it: video rows, month rows, segments and what the manifest says of them, and no day row. Written by the stores of the service.</summary>
/// <remarks>Over HTTP it ends the same; but the tables of Azurite get slower with every row, and it takes hours for what is written here in minutes.</remarks>
internal sealed class ArchivedHistory : IDisposable
{
    private const int GroupsAtOnce = 4;
    private const int DaysAtOnce = 90; // Of the hundred rows that a transaction may have.

    private readonly RepeatedHistory _history;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TableCountStore _counts;
    private readonly TableRollupStore _rollups;
    private readonly BlobSegmentStore _segments;
    private readonly List<ArchivedDay> _written = [];

    public ArchivedHistory(RepeatedHistory history, string connectionString)
    {
        _history = history;
        var (options, patience) = (Options.Create(new StorageOptions { ConnectionString = connectionString }), new Patience(TimeProvider.System, NullLogger<Patience>.Instance));
        var instruments = new StorageInstruments(_services.GetRequiredService<IMeterFactory>());
        (_counts, _rollups, _segments) = (new(options, patience, instruments), new(options, patience), new(options, patience, instruments));
    }

    /// <summary>Writes all of it, after rollup has said of every group that these days were never counted from the log.</summary>
    /// <returns>What the manifest says of the segments.</returns>
    /// <exception cref="BenchmarkFailedException">Rollup has not run, or counts these days from the log.</exception>
    public async Task<IReadOnlyList<ArchivedDay>> Write(CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(Group.All, new ParallelOptions { MaxDegreeOfParallelism = GroupsAtOnce, CancellationToken = cancellationToken }, async (group, token) => await Write(group, token));
        return _written;
    }

    public void Dispose() => _services.Dispose();

    private async Task Write(Group group, CancellationToken cancellationToken)
    {
        var videos = _history.Videos.Where(video => Group.Of(video) == group).OrderBy(video => video.Value, StringComparer.Ordinal).ToList();
        foreach (var shard in videos.GroupBy(Shard.Of)) await WriteMonths(shard.Key, [.. shard], cancellationToken);
        foreach (var video in videos) await _counts.CommitVideo(new(RowOf(video), []), version: null, cancellationToken);
        var days = new List<ArchivedDay>();
        foreach (var day in _history.AllDays)
        {
            var held = videos.Select(video => new SegmentDay(video, EventType.View, _history.Hours(video, day))).Where(one => one.Hours.Count > 0).ToList();
            if (held.Count == 0) continue;
            var (segment, now) = (await _segments.Write(new(day, group), held, instead: null, cancellationToken), DateTimeOffset.UtcNow);
            days.Add(new(day, Version: 1, segment.Rows, segment.Count, segment.Bytes, now, now));
        }

        foreach (var some in days.Chunk(DaysAtOnce)) await Tell(group, some, cancellationToken);
        lock (_written) _written.AddRange(days);
    }

    private async Task WriteMonths(Shard shard, IReadOnlyList<VideoId> videos, CancellationToken cancellationToken)
    {
        foreach (var month in _history.AllDays.GroupBy(TableLayout.MonthOf))
        {
            var rows = from video in videos
                       let days = month.ToDictionary(day => day.Day, day => QuarterCell.Of(_history.Hours(video, day))).Where(day => day.Value.Count > 0).ToDictionary()
                       where days.Count > 0
                       select (new MonthRow(video, EventType.View, month.Key, days), (RowVersion?)null);
            await _rollups.WriteMonths(shard, [.. rows], cancellationToken);
        }
    }

    private VideoRow RowOf(VideoId video)
    {
        var hours = _history.AllDays.SelectMany(day => _history.Hours(video, day)).ToList();
        var total = hours.Aggregate(Cell.Nothing, (sum, hour) => sum + hour.Total);
        return new(
            video, Position.Start, Guid.NewGuid(), [new(EventType.View, total)], [], hours[^1].Hour, Duplicates: 0, hours[0].MinuteOf(hours[0].Cells[0]), hours[^1].MinuteOf(hours[^1].Cells[^1]),
            Imported: [new(EventType.View, total.Count, total.Sum)], Revision: 1);
    }

    // Rollup writes this row, too.
    private async Task Tell(Group group, ArchivedDay[] days, CancellationToken cancellationToken)
    {
        while (true)
        {
            var stands = await _rollups.ReadGroup(group, cancellationToken) ?? throw new BenchmarkFailedException($"The rollup of group {group} has not run yet.");
            if (days[^1].Day >= stands.Row.LiveFrom) throw new BenchmarkFailedException($"Group {group} counts from {stands.Row.LiveFrom:yyyy-MM-dd} on; {days[^1].Day:yyyy-MM-dd} is no history.");
            try
            {
                await _rollups.WriteGroup(group, stands.Row, stands.Version, days, cancellationToken);
                return;
            }
            catch (StaleWriterException)
            {
                // It was written in between.
            }
        }
    }
}
