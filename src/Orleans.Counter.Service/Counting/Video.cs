using Orleans.Counter.Storage;

namespace Orleans.Counter.Counting;

/// <summary>What is known of one video: totals, and the hours that are open. Arithmetic only: no clock, no store, no grain.</summary>
internal sealed class Video
{
    /// <summary>Open cells beyond this many packed bytes settle their oldest hours at once; meanwhile the video takes nothing new.</summary>
    public const int OpenBytesMax = 32 * 1024;

    private static readonly HashSet<(EventType, int)> NoHours = [];

    private readonly VideoId _id;
    private readonly Dictionary<EventType, Cell> _totals = [];
    private readonly Dictionary<EventType, TypeAdjustment> _adjusted = [];
    private readonly Dictionary<EventType, TypeAdjustment> _imported = [];
    private readonly List<OpenHour> _open = [];
    private readonly WindowCounts _windows;
    private long _duplicates;
    private long _deadLettered;
    private Minute? _first;
    private Minute? _last;
    private DateTimeOffset? _removed;
    private Position? _removedThrough;

    public Video(VideoId id, VideoRow? row)
    {
        _id = id;
        _windows = new(row?.Windows ?? []);
        if (row is null) return;
        Position = row.Position;
        SettledThrough = row.SettledThrough;
        (_duplicates, _deadLettered, _first, _last, Metadata) = (row.Duplicates, row.DeadLettered, row.First, row.Last, row.Metadata);
        (_removed, _removedThrough, Removing) = (row.Removed, row.RemovedThrough, row.Removing);
        Revision = row.Revision;
        foreach (var adjustment in row.Adjusted ?? []) _adjusted[adjustment.Type] = adjustment;
        foreach (var imported in row.Imported ?? []) _imported[imported.Type] = imported;
        foreach (var (type, total) in row.Totals) _totals[type] = total;
        foreach (var hour in row.Open) _open.Add(new(hour));
    }

    /// <summary>Everything in the log up to here is inside. Never moves back.</summary>
    public Position Position { get; private set; }

    /// <summary>No day row holds an hour after this one.</summary>
    public int? SettledThrough { get; private set; }

    /// <summary>One more whenever something else than the log changes what was counted.</summary>
    public long Revision { get; private set; }

    /// <summary>What was said of the video itself.</summary>
    public Metadata Metadata { get; set; }

    /// <summary>The day rows of before a removal that may still be there; null if there are none.</summary>
    public DayRows? Removing { get; set; }

    /// <summary>True if the open cells are over their bound: hours have to be settled before anything more is added.</summary>
    public bool IsFull => _open.Sum(hour => hour.Bytes) > OpenBytesMax;

    /// <summary>The bytes of a cell in a packed row, at most.</summary>
    public static int BytesOf(Cell cell) => cell.IsPlain ? 6 : 30;

    /// <summary>The hours of late entries that have to be opened again, from their day rows, before the entries may be added.</summary>
    public IReadOnlySet<(EventType Type, int Hour)> Missing(IReadOnlyList<Entry> entries)
    {
        HashSet<(EventType, int)>? missing = null; // Nearly always there are none.
        if (SettledThrough is not null)
            foreach (var entry in entries)
                if (IsNew(entry) && IsSettled(entry.Type, entry.Minute.Hour)) (missing ??= []).Add((entry.Type, entry.Minute.Hour));
        return missing ?? NoHours;
    }

    /// <summary>True if a day row may hold the hour, which has to be opened again before it may be changed.</summary>
    public bool IsSettled(EventType type, int hour) => hour <= SettledThrough && _totals.ContainsKey(type) && Find(type, hour) is null;

    /// <summary>True if the hour's truth is here, whatever a day row says.</summary>
    public bool IsOpen(EventType type, int hour) => Find(type, hour) is not null;

    /// <summary>True if the truth of an hour of the day is here.</summary>
    public bool IsOpen(EventType type, DateOnly day) => _open.Exists(open => open.Type == type && TableLayout.DayOf(open.Hour) == day);

    /// <summary>Opens an hour again with what its day row holds: from now on its truth is here.</summary>
    public void Reopen(HourCells settled)
    {
        if (Find(settled.Type, settled.Hour) is null) _open.Add(new(settled));
    }

    /// <summary>The entries whose type is one too many for a video: they are dead letters, and must not be added.</summary>
    public IReadOnlyList<Entry> TooManyTypes(IReadOnlyList<Entry> entries)
    {
        if (_totals.Count + entries.Count <= EventType.PerVideoMax) return [];
        var types = _totals.Keys.ToHashSet();
        return [.. entries.Where(entry => IsNew(entry) && !types.Contains(entry.Type) && (types.Count >= EventType.PerVideoMax || !types.Add(entry.Type)))];
    }

    /// <summary>How many events of these entries, whether they were new or not, were set aside. A video that has all the types it may have never gets another one: what is inside has its type here.</summary>
    public long SetAside(IReadOnlyList<Entry> entries)
    {
        long count = 0;
        foreach (var entry in entries)
            if (entry.Cell.Count > 0 && !_totals.ContainsKey(entry.Type)) count += entry.Cell.Count;
        return count;
    }

    /// <summary>Adds what is new of these entries, but for those set aside, and moves on to the last one's position.</summary>
    /// <remarks>All entries of one position come in one call: a part of a position would be taken for the whole of it.</remarks>
    public void Add(IReadOnlyList<Entry> entries, IReadOnlyList<Entry> setAside)
    {
        var before = Position;
        foreach (var entry in entries)
        {
            if (entry.Position <= before) continue;
            _duplicates += entry.Duplicates;
            _deadLettered += entry.DeadLettered;
            if (setAside.Contains(entry)) _deadLettered += entry.Cell.Count;
            else if (entry.Cell.Count > 0) Add(entry);
            Position = Position.Max(Position, entry.Position);
        }
    }

    /// <summary>What a minute that is not in a day row holds.</summary>
    public Cell At(EventType type, Minute minute) => Find(type, minute.Hour)?.At((byte)minute.OfHour) ?? Cell.Nothing;

    /// <summary>The total of a type.</summary>
    public Cell Total(EventType type) => _totals.GetValueOrDefault(type);

    /// <summary>True if another type is one too many.</summary>
    public bool HasAllTypesBut(EventType type) => _totals.Count >= EventType.PerVideoMax && !_totals.ContainsKey(type);

    /// <summary>Sets a minute to what it holds after a correction, whose hour is open or was never settled. The total moves by as much.</summary>
    public void Correct(Correction correction, Cell corrected)
    {
        Open(correction.Type, correction.Minute.Hour).Set((byte)correction.Minute.OfHour, corrected);
        Adjust(correction);
    }

    /// <summary>The minute of a correction is in a day that is set whole. The total moves by as much.</summary>
    public void CorrectOld(Correction correction)
    {
        SettleThrough(correction.Minute.Hour);
        Adjust(correction);
    }

    /// <summary>Minutes of days that are set whole hold something else now. The total moves by as much.</summary>
    /// <param name="type">The type.</param>
    /// <param name="changes">What the minutes held before, and what they hold now.</param>
    /// <param name="others">What all other days hold, if the smallest or the largest value of all time may be gone; else null.</param>
    /// <param name="days">What the changed days hold now.</param>
    public void Import(EventType type, IReadOnlyList<(Minute Minute, Cell Before, Cell After)> changes, Cell? others, Cell days)
    {
        var (count, sum) = (0L, 0d);
        foreach (var (minute, before, after) in changes)
        {
            count += after.Count - before.Count;
            sum += after.Sum - before.Sum;
            _windows.Add(type, minute, after.Count - before.Count);
            if (after.Count == 0) continue;
            SettleThrough(minute.Hour);
            Reach(minute);
        }

        var total = _totals.GetValueOrDefault(type);
        var reach = (others ?? total) + days;
        _totals[type] = total.Count + count == 0 ? Cell.Nothing : new(total.Count + count, Math.Clamp(total.Sum + sum, double.MinValue, double.MaxValue), reach.Min, reach.Max);
        _imported[type] = Moved(_imported.GetValueOrDefault(type), type, count, sum);
        Revision++;
    }

    /// <summary>Minutes of an hour hold something else from now on, because a recount says so; and so does the total.</summary>
    /// <param name="type">The type.</param>
    /// <param name="changes">What the minutes held before, and what they are to hold.</param>
    /// <param name="total">What all minutes of the type hold then.</param>
    /// <param name="isOld">The hour is in a day that is set whole; if not, it is open.</param>
    public void Repair(EventType type, IReadOnlyList<(Minute Minute, Cell Before, Cell After)> changes, Cell total, bool isOld)
    {
        var moves = total.Count != _totals.GetValueOrDefault(type).Count; // If not, it was a row that was wrong, and never what was counted of the newest hours, days and weeks.
        _totals[type] = total;
        foreach (var (minute, before, after) in changes)
        {
            if (!isOld) Open(type, minute.Hour).Set((byte)minute.OfHour, after);
            else SettleThrough(minute.Hour);
            if (moves) _windows.Add(type, minute, after.Count - before.Count);
            if (after.Count > 0) Reach(minute);
        }

        Revision++;
    }

    /// <summary>When the video was last removed, and up to where in the log; null where it never was, or nobody knows.</summary>
    public (DateTimeOffset? At, Position? Through) Removal => (_removed, _removedThrough);

    /// <summary>All types that it has.</summary>
    public IReadOnlyList<EventType> Types => [.. _totals.Keys];

    /// <summary>The hours of a day whose truth is here.</summary>
    public IReadOnlyList<HourCells> OpenHours(DateOnly day) => [.. _open.Where(open => TableLayout.DayOf(open.Hour) == day).Select(open => open.Cells())];

    /// <summary>Forgets everything but how far the log has been read. Day rows remain to be removed.</summary>
    public void Remove(DateTimeOffset now)
    {
        if (SettledThrough is { } through && _first is { } first) Removing = new([.. _totals.Keys], TableLayout.DayOf(first.Hour), TableLayout.DayOf(through));
        _totals.Clear();
        _adjusted.Clear();
        _imported.Clear();
        _open.Clear();
        _windows.Clear();
        Revision++;
        (_duplicates, _deadLettered, _first, _last, SettledThrough, Metadata, _removed, _removedThrough) = (0, 0, null, null, null, default, now, Position);
    }

    /// <summary>What is known of one type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="revision">That of the row as it is stored.</param>
    public Recent Recent(EventType type, long revision = 0) =>
        new(Position, _totals.GetValueOrDefault(type), [.. _open.Where(hour => hour.Type == type).OrderBy(hour => hour.Hour).Select(hour => hour.Cells())], SettledThrough, _first, _last, revision);

    /// <summary>How often it was counted in its newest hours, days and weeks.</summary>
    public IReadOnlyList<WindowCount> Windows => _windows.All;

    /// <summary>False if the video was never seen, and nothing was ever said of it.</summary>
    public bool IsKnown => _totals.Count > 0 || _duplicates > 0 || _deadLettered > 0 || Metadata != default;

    /// <summary>What is known of the video as a whole.</summary>
    /// <param name="revision">That of the row as it is stored.</param>
    public Portrait Portrait(long revision) => new(Metadata, Totals(), _first, _last, _duplicates, _deadLettered, Position, revision);

    /// <summary>When the next hour is to be settled; null if none is open.</summary>
    public DateTimeOffset? NextSettle => _open.Count == 0 ? null : _open.Min(hour => SettleAt(hour.Hour));

    /// <summary>The row as it would be stored now, and the hours that go into day rows with it: those that are due, and the oldest while there are too many.</summary>
    public Capture Capture(DateTimeOffset now, Guid commit)
    {
        List<OpenHour> settling = [];
        HashSet<(EventType, DateOnly)> days = [];
        var bytes = _open.Sum(hour => hour.Bytes);
        foreach (var hour in _open.OrderBy(hour => hour.Hour).ThenBy(hour => hour.Type.Value, StringComparer.Ordinal))
        {
            if (SettleAt(hour.Hour) > now && bytes <= OpenBytesMax) continue;
            if (days.Add((hour.Type, TableLayout.DayOf(hour.Hour))) && days.Count > TableLayout.SettledDaysMax) break;
            settling.Add(hour);
            bytes -= hour.Bytes;
        }

        var settledThrough = settling.Count == 0 ? SettledThrough : Math.Max(SettledThrough ?? int.MinValue, settling.Max(hour => hour.Hour));
        HourCells[] open = [.. _open.Except(settling).Select(hour => hour.Cells())];
        var row = new VideoRow(
            _id, Position, commit, Totals(), open, settledThrough, _duplicates, _first, _last, _deadLettered, Metadata, [.. _adjusted.Values], _removed, Removing, Windows, [.. _imported.Values], Revision, _removedThrough);
        return new(row, [.. settling.Select(hour => hour.Cells())], [.. settling.Select(hour => (hour, hour.Changes))]);
    }

    /// <summary>The capture is stored. An hour that was added to in the meantime stays open, whole: then it is here that its truth is, not in the day row.</summary>
    public void Stored(Capture capture)
    {
        SettledThrough = capture.Row.SettledThrough;
        foreach (var (hour, changes) in capture.Settling)
            if (hour.Changes == changes) _open.Remove(hour);
    }

    // In the hour after its own, between minute 5 and 55: spread, so that not all videos settle at once.
    private DateTimeOffset SettleAt(int hour) => Minute.HourStart(hour + 1).AddMinutes(5 + (Shard.Of(_id).Number % 51));

    private TypeTotal[] Totals() => [.. _totals.Select(total => new TypeTotal(total.Key, total.Value))];

    private bool IsNew(Entry entry) => entry.Position > Position && entry.Cell.Count > 0;

    private OpenHour? Find(EventType type, int hour)
    {
        foreach (var open in _open)
            if (open.Hour == hour && open.Type == type) return open;
        return null;
    }

    private void Add(Entry entry)
    {
        Open(entry.Type, entry.Minute.Hour).Add((byte)entry.Minute.OfHour, entry.Cell);
        _totals[entry.Type] = _totals.GetValueOrDefault(entry.Type) + entry.Cell;
        _windows.Add(entry.Type, entry.Minute, entry.Cell.Count);
        Reach(entry.Minute);
    }

    private OpenHour Open(EventType type, int hour)
    {
        var open = Find(type, hour);
        if (open is null) _open.Add(open = new(new(type, hour, [])));
        return open;
    }

    private void Adjust(Correction correction)
    {
        var (type, minute, count, sum) = (correction.Type, correction.Minute, correction.Count, correction.Sum);
        _totals[type] = _totals.GetValueOrDefault(type).Corrected(count, sum, correction.Min, correction.Max);
        _adjusted[type] = Moved(_adjusted.GetValueOrDefault(type), type, count, sum);
        _windows.Add(type, minute, count);
        Reach(minute);
        Revision++;
    }

    private static TypeAdjustment Moved(TypeAdjustment before, EventType type, long count, double sum) => new(type, before.Count + count, before.Sum + sum);

    /// <summary>A day row will hold the hour: a late event of it has to open it again.</summary>
    private void SettleThrough(int hour) => SettledThrough = Math.Max(SettledThrough ?? int.MinValue, hour);

    private void Reach(Minute minute)
    {
        _first = _first is { } first && first < minute ? first : minute;
        _last = _last is { } last && last > minute ? last : minute;
    }
}
