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

    public void Add(byte ofHour, Cell cell)
    {
        Changes++;
        var place = _minutes.FindLastIndex(minute => minute.OfHour <= ofHour);
        if (place >= 0 && _minutes[place].OfHour == ofHour)
        {
            var sum = _minutes[place].Cell + cell;
            Bytes += Video.BytesOf(sum) - Video.BytesOf(_minutes[place].Cell);
            _minutes[place] = new(ofHour, sum);
        }
        else
        {
            Bytes += Video.BytesOf(cell);
            _minutes.Insert(place + 1, new(ofHour, cell));
        }
    }
}
