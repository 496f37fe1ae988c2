using Orleans.Counter.Storage;

namespace Orleans.Counter.Counting;

/// <summary>Old days of one month and type: as they were read, and as they are to be set, whole.</summary>
/// <remarks>What they hold is changed by their video's grain alone. Where they lie is not: if rollup archives one of them meanwhile, or takes its row away, a version has changed, and the commit is refused.</remarks>
internal sealed class OldDays
{
    private readonly Versioned<MonthRow>? _read;
    private readonly MonthRow _month;
    private readonly SortedDictionary<DateOnly, OldDay> _days = [];
    private readonly SortedDictionary<Minute, (Cell Before, Cell After)> _changes = [];

    private OldDays(VideoId video, EventType type, DateOnly month, Versioned<MonthRow>? read)
    {
        _read = read;
        _month = read?.Row ?? new(video, type, month, new Dictionary<int, IReadOnlyList<QuarterCell>>());
    }

    /// <summary>The minutes that are to hold something else, in order.</summary>
    public IReadOnlyList<(Minute Minute, Cell Before, Cell After)> Changes => [.. _changes.Select(change => (change.Key, change.Value.Before, change.Value.After))];

    /// <summary>The days that are to hold something else, in order.</summary>
    public IReadOnlyList<DateOnly> ChangedDays => [.. _changes.Keys.Select(minute => TableLayout.DayOf(minute.Hour)).Distinct()];

    /// <summary>All that the changed days held when they were read.</summary>
    public Cell Before => ChangedDays.Aggregate(Cell.Nothing, (sum, day) => sum + _days[day].Before);

    /// <summary>All that they are to hold.</summary>
    public Cell After => ChangedDays.Aggregate(Cell.Nothing, (sum, day) => sum + _days[day].Total);

    /// <summary>Reads days of one month, wherever they are: a point read for the month and one for each day, and a range of a segment for those whose rows are gone.</summary>
    /// <exception cref="InvalidDataException">A segment does not hold what the month says.</exception>
    public static async Task<OldDays> Read(ICountStore store, ISegmentStore segments, VideoId video, EventType type, IReadOnlyList<DateOnly> days, CancellationToken cancellationToken)
    {
        // The month first: if it says that a day is empty because the day is not archived yet, and its row is archived and gone before that is looked for, the month has changed.
        var month = TableLayout.MonthOf(days[0]);
        var old = new OldDays(video, type, month, await store.ReadMonth(video, type, month, cancellationToken));
        foreach (var (day, read) in await Task.WhenAll(days.Select(async day => (day, await old.Read(store, segments, day, cancellationToken))))) old._days.Add(day, read);
        return old;
    }

    /// <summary>What a day holds, by hours in order.</summary>
    public IReadOnlyList<HourCells> Hours(DateOnly day) => _days[day].Hours(_month.Type);

    public Cell At(Minute minute) => _days[TableLayout.DayOf(minute.Hour)].Minutes.GetValueOrDefault(minute);

    /// <summary>Sets a minute, whatever it held; a cell that counts nothing takes it away.</summary>
    public void Set(Minute minute, Cell cell)
    {
        var before = At(minute);
        if (before == cell || (before.Count == 0 && cell.Count == 0)) return;
        var minutes = _days[TableLayout.DayOf(minute.Hour)].Minutes;
        if (cell.Count == 0) minutes.Remove(minute);
        else minutes[minute] = cell;
        _changes.Add(minute, (before, cell));
    }

    /// <summary>What has to be written; null if nothing has changed.</summary>
    public WholeDays? ToWrite()
    {
        if (_changes.Count == 0) return null;
        var (month, days) = (_month, new List<(DayRow, RowVersion?)>());
        foreach (var day in ChangedDays)
        {
            var hours = _days[day].Hours(_month.Type);
            days.Add((new(_month.Video, _month.Type, day, hours, IsChanged: true), _days[day].Version));
            month = month.With(day, QuarterCell.Of(hours));
        }

        return new(month, _read?.Version, days);
    }

    private async Task<OldDay> Read(ICountStore store, ISegmentStore segments, DateOnly day, CancellationToken cancellationToken)
    {
        if (await store.ReadDay(_month.Video, _month.Type, day, cancellationToken) is { } row) return new(row.Version, row.Row.Hours);
        if (_month.Days.GetValueOrDefault(day.Day) is not { Count: > 0 } quarters) return new(null, []);
        var hours = await segments.ReadDay(_month.Video, _month.Type, day, cancellationToken);
        var found = QuarterCell.Of(hours).Select(quarter => (quarter.OfDay, quarter.Cell.Count));
        if (!found.SequenceEqual(quarters.Select(quarter => (quarter.OfDay, quarter.Cell.Count))))
            throw new InvalidDataException($"Of {day:yyyy-MM-dd}, the segment holds {hours.Sum(hour => hour.Total.Count)} events of '{_month.Video}' and type '{_month.Type}' in other quarter hours than the {quarters.Sum(quarter => quarter.Cell.Count)} in the month row: one of them is damaged.");
        return new(null, hours);
    }

    /// <summary>One of the days.</summary>
    private sealed class OldDay(RowVersion? version, IReadOnlyList<HourCells> hours)
    {
        /// <summary>That of its row; null if it has none.</summary>
        public RowVersion? Version => version;

        public Cell Before { get; } = hours.Aggregate(Cell.Nothing, (sum, hour) => sum + hour.Total);

        public SortedDictionary<Minute, Cell> Minutes { get; } = new(hours.SelectMany(hour => hour.Cells.Select(cell => (Minute: hour.MinuteOf(cell), cell.Cell))).ToDictionary());

        public Cell Total => Minutes.Values.Aggregate(Cell.Nothing, (sum, cell) => sum + cell);

        public IReadOnlyList<HourCells> Hours(EventType type) =>
            [.. Minutes.GroupBy(minute => minute.Key.Hour).Select(hour => new HourCells(type, hour.Key, [.. hour.Select(minute => new MinuteCell((byte)minute.Key.OfHour, minute.Value))]))];
    }
}
