namespace Orleans.Counter.Query;

/// <summary>Adds up by granule what comes in the order of time.</summary>
internal sealed class Fold(Granules granules)
{
    private readonly List<GranuleCell> _cells = [];

    /// <summary>The granules that are not empty, in order.</summary>
    public IReadOnlyList<GranuleCell> Cells => _cells;

    /// <summary>Adds what begins with this minute and is in the same granule.</summary>
    public void Add(Minute minute, Cell cell)
    {
        if (cell.Count == 0) return;
        if (_cells is [.., var last] && minute < last.Granule.To) _cells[^1] = last with { Cell = last.Cell + cell };
        else _cells.Add(new(granules.Of(minute), cell));
    }

    /// <summary>Adds what an earlier fold by the same granules came to.</summary>
    public void Add(GranuleCell folded)
    {
        if (_cells is [.., var last] && last.Granule == folded.Granule) _cells[^1] = last with { Cell = last.Cell + folded.Cell };
        else _cells.Add(folded);
    }
}
