namespace Orleans.Counter.Counting;

/// <summary>An hour of one type that is still being added to: its minutes in order, whole.</summary>
internal sealed class OpenHour
{
    private readonly List<MinuteCell> _minutes;

    public OpenHour(HourCells cells)
    {
        (Type, Hour) = (cells.Type, cells.Hour);
        _minutes = [.. cells.Cells];
        Bytes = 16 + Type.Value.Length + _minutes.Sum(minute => Video.BytesOf(minute.Cell));
    }

    public EventType Type { get; }

    public int Hour { get; }

    /// <summary>The bytes in a packed row, at most.</summary>
    public int Bytes { get; private set; }

    /// <summary>Grows with every change: tells whether the hour is still what was stored of it.</summary>
    public int Changes { get; private set; }

    public HourCells Cells() => new(Type, Hour, _minutes.ToArray());

    public Cell At(byte ofHour) => Find(ofHour) is var (place, found) && found ? _minutes[place].Cell : Cell.Nothing;

    public void Add(byte ofHour, Cell cell) => Set(ofHour, At(ofHour) + cell);

    /// <summary>Sets a minute, whatever it held; a cell that counts nothing takes it away.</summary>
    public void Set(byte ofHour, Cell cell)
    {
        Changes++;
        var (place, found) = Find(ofHour);
        if (found)
        {
            Bytes -= Video.BytesOf(_minutes[place].Cell);
            _minutes.RemoveAt(place);
        }

        if (cell.Count == 0) return;
        Bytes += Video.BytesOf(cell);
        _minutes.Insert(place, new(ofHour, cell));
    }

    /// <summary>Where a minute is, or belongs.</summary>
    private (int Place, bool Found) Find(byte ofHour)
    {
        var before = _minutes.FindLastIndex(minute => minute.OfHour <= ofHour);
        return before >= 0 && _minutes[before].OfHour == ofHour ? (before, true) : (before + 1, false);
    }
}
