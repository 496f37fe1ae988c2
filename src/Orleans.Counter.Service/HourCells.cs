namespace Orleans.Counter;

/// <summary>The minutes of one hour of one type that are not empty, in order.</summary>
[GenerateSerializer, Immutable, Alias("counter.hour")]
internal sealed record HourCells([property: Id(0)] EventType Type, [property: Id(1)] int Hour, [property: Id(2)] IReadOnlyList<MinuteCell> Cells)
{
    public Cell Total => Cells.Aggregate(Cell.Nothing, (sum, minute) => sum + minute.Cell);

    /// <summary>What a minute of it holds.</summary>
    public Cell At(Minute minute) => Cells.FirstOrDefault(cell => cell.OfHour == minute.OfHour).Cell;

    public Minute MinuteOf(MinuteCell cell) => new((Hour * Minute.PerHour) + cell.OfHour);
}

/// <summary>One minute of an hour, 0 to 59, and what it holds.</summary>
[GenerateSerializer, Immutable, Alias("counter.minutecell")]
internal readonly record struct MinuteCell([property: Id(0)] byte OfHour, [property: Id(1)] Cell Cell);
