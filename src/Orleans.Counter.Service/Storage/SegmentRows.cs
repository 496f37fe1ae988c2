using Parquet;

namespace Orleans.Counter.Storage;

/// <summary>The rows of a part, column by column, as they were read.</summary>
internal sealed class SegmentRows
{
    private ReadOnlyMemory<char>[] _videos = [], _types = [];
    private DateTime[] _minutes = [];
    private long[] _counts = [];
    private double[] _sums = [], _mins = [], _maxes = [];

    public static async Task<SegmentRows> Read(ParquetRowGroupReader part, int rows)
    {
        return new()
        {
            _videos = await Column<ReadOnlyMemory<char>>(SegmentFile.VideoColumn),
            _types = await Column<ReadOnlyMemory<char>>(SegmentFile.TypeColumn),
            _minutes = await Column<DateTime>(SegmentFile.MinuteColumn),
            _counts = await Column<long>(SegmentFile.CountColumn),
            _sums = await Column<double>(SegmentFile.SumColumn),
            _mins = await Column<double>(SegmentFile.MinColumn),
            _maxes = await Column<double>(SegmentFile.MaxColumn),
        };

        async Task<T[]> Column<T>(Parquet.Schema.DataField field) where T : struct
        {
            var values = new T[rows];
            await part.ReadAsync<T>(field, values);
            return values;
        }
    }

    /// <summary>The days of videos and types that the rows make.</summary>
    /// <exception cref="InvalidDataException">A row is not in its place, or says what nobody can have counted.</exception>
    public IReadOnlyList<SegmentDay> Days(SegmentId id, SegmentPart part)
    {
        var days = new List<SegmentDay>();
        for (var row = 0; row < _counts.Length;)
        {
            var day = Day(id, ref row);
            if (days.Count > 0 && SegmentDay.Order.Compare(days[^1], day) >= 0) throw SegmentFooter.Damaged(id, $"'{day.Video}' with type '{day.Type}' is not in its place");
            days.Add(day);
        }

        return days[0].Video == part.First && days[^1].Video == part.Last ? days : throw SegmentFooter.Damaged(id, $"a part is from '{days[0].Video}' to '{days[^1].Video}', and its footer says from '{part.First}' to '{part.Last}'");
    }

    /// <summary>The day that begins with a row; the row is the one after it then.</summary>
    private SegmentDay Day(SegmentId id, ref int row)
    {
        var (videoText, typeText) = (_videos[row], _types[row]);
        if (!VideoId.TryParse(videoText.ToString(), out var video) || Group.Of(video) != id.Group) throw SegmentFooter.Damaged(id, $"'{videoText}' is no video of the group");
        if (!EventType.TryParse(typeText.ToString(), out var type)) throw SegmentFooter.Damaged(id, $"'{typeText}' is no type");
        var hours = new List<HourCells>();
        var cells = new List<MinuteCell>();
        var (before, from) = (-1, Minute.Of(new(id.Day, default, TimeSpan.Zero)).Number);
        for (; row < _counts.Length && Same(_videos[row], videoText) && Same(_types[row], typeText); row++)
        {
            var ofDay = Minute.Of(new(_minutes[row].Ticks, TimeSpan.Zero)).Number - from;
            if (ofDay <= before || ofDay >= Minute.PerDay || _minutes[row].Ticks % TimeSpan.TicksPerMinute != 0) throw SegmentFooter.Damaged(id, $"'{video}' has something at {_minutes[row]:O}, which is not of the day, not whole, or not in its place");
            var cell = new Cell(_counts[row], _sums[row], _mins[row], _maxes[row]);
            if (cell.Count < 1 || !double.IsFinite(cell.Sum) || !double.IsFinite(cell.Min) || !double.IsFinite(cell.Max)) throw SegmentFooter.Damaged(id, $"'{video}' has {cell} at {_minutes[row]:O}");
            if (before >= 0 && before / Minute.PerHour != ofDay / Minute.PerHour) EndHour(before);
            cells.Add(new((byte)(ofDay % Minute.PerHour), cell));
            before = ofDay;
        }

        EndHour(before);
        return new(video, type, hours);

        void EndHour(int ofDay)
        {
            hours.Add(new(type, (from + ofDay) / Minute.PerHour, [.. cells]));
            cells.Clear();
        }
    }

    private static bool Same(ReadOnlyMemory<char> one, ReadOnlyMemory<char> other) => one.Span.SequenceEqual(other.Span);
}
