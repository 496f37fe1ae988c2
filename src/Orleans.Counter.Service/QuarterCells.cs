namespace Orleans.Counter;

/// <summary>One quarter of an hour of a day of UTC, 0 to 95, and what it holds: fine enough for days in every time zone.</summary>
internal readonly record struct QuarterCell(byte OfDay, Cell Cell)
{
    public const int Minutes = 15;
    public const int PerDay = Minute.PerDay / Minutes;

    /// <summary>The quarter hours of a day that are not empty, in order.</summary>
    /// <param name="hours">Hours of one day and type, in order.</param>
    public static IReadOnlyList<QuarterCell> Of(IEnumerable<HourCells> hours)
    {
        var quarters = new List<QuarterCell>();
        foreach (var hour in hours)
            foreach (var minute in hour.Cells)
            {
                var ofDay = (byte)(hour.MinuteOf(minute).Number % Minute.PerDay / Minutes);
                if (quarters is [.., var last] && last.OfDay == ofDay) quarters[^1] = last with { Cell = last.Cell + minute.Cell };
                else quarters.Add(new(ofDay, minute.Cell));
            }

        return quarters;
    }
}
