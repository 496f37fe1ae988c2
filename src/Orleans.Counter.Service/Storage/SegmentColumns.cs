using Parquet;

namespace Orleans.Counter.Storage;

/// <summary>The rows of a part, column by column, while it is written.</summary>
internal sealed class SegmentColumns(SegmentId id)
{
    private readonly List<ReadOnlyMemory<char>> _videos = [];
    private readonly List<ReadOnlyMemory<char>> _types = [];
    private readonly List<DateTime> _minutes = [];
    private readonly List<long> _counts = [];
    private readonly List<double> _sums = [], _mins = [], _maxes = [];
    private SegmentDay? _last;
    private long _count;

    public int Rows => _counts.Count;

    public VideoId? LastVideo => _last?.Video;

    public SegmentSums Sums => new(Rows, _count);

    /// <summary>Adds a day of a video and type; it comes after all that were added before, in this part or another.</summary>
    public void Add(SegmentDay day)
    {
        if (_last is { } last && SegmentDay.Order.Compare(last, day) >= 0) throw new ArgumentException($"'{day.Video}' with type '{day.Type}' comes after '{last.Video}' with '{last.Type}': a segment is sorted, and holds nothing twice.", nameof(day));
        if (Group.Of(day.Video) != id.Group || day.Hours.Any(hour => TableLayout.DayOf(hour.Hour) != id.Day)) throw new ArgumentException($"'{day.Video}' is not of group {id.Group}, or not of {id.Day:yyyy-MM-dd}: a segment is of one.", nameof(day));
        _last = day;
        var before = Rows;
        ReadOnlyMemory<char> video = day.Video.Value.AsMemory(), type = day.Type.Value.AsMemory();
        foreach (var hour in day.Hours)
            foreach (var minute in hour.Cells)
            {
                _videos.Add(video);
                _types.Add(type);
                _minutes.Add(hour.MinuteOf(minute).Start.UtcDateTime);
                _counts.Add(minute.Cell.Count);
                _sums.Add(minute.Cell.Sum);
                _mins.Add(minute.Cell.Min);
                _maxes.Add(minute.Cell.Max);
                _count += minute.Cell.Count;
            }

        if (Rows == before) throw new ArgumentException($"'{day.Video}' with type '{day.Type}' holds nothing: a segment leaves it out.", nameof(day));
    }

    public async Task Write(ParquetRowGroupWriter part, CancellationToken cancellationToken)
    {
        await part.WriteAsync<ReadOnlyMemory<char>>(SegmentFile.VideoColumn, _videos.ToArray(), cancellationToken: cancellationToken);
        await part.WriteAsync<ReadOnlyMemory<char>>(SegmentFile.TypeColumn, _types.ToArray(), cancellationToken: cancellationToken);
        await part.WriteAsync<DateTime>(SegmentFile.MinuteColumn, _minutes.ToArray(), cancellationToken: cancellationToken);
        await part.WriteAsync<long>(SegmentFile.CountColumn, _counts.ToArray(), cancellationToken: cancellationToken);
        await part.WriteAsync<double>(SegmentFile.SumColumn, _sums.ToArray(), cancellationToken: cancellationToken);
        await part.WriteAsync<double>(SegmentFile.MinColumn, _mins.ToArray(), cancellationToken: cancellationToken);
        await part.WriteAsync<double>(SegmentFile.MaxColumn, _maxes.ToArray(), cancellationToken: cancellationToken);
    }

    /// <summary>Forgets the rows, but not what came last.</summary>
    public void Clear()
    {
        _videos.Clear();
        _types.Clear();
        _minutes.Clear();
        _counts.Clear();
        _sums.Clear();
        _mins.Clear();
        _maxes.Clear();
        _count = 0;
    }
}
