namespace Orleans.Counter.Storage;

/// <summary>The quarter hours of a month of one video and type, for the days that are archived.</summary>
/// <remarks>A day that stands here is the truth for everything that is made of quarter hours, whatever happens to its day row and its segment: whoever changes it changes both at once.</remarks>
/// <param name="Video">The video.</param>
/// <param name="Type">The type.</param>
/// <param name="Month">Its first day.</param>
/// <param name="Days">By day of the month, from 1: the quarter hours that are not empty, in order.</param>
internal sealed record MonthRow(VideoId Video, EventType Type, DateOnly Month, IReadOnlyDictionary<int, IReadOnlyList<QuarterCell>> Days)
{
    /// <summary>Over all days.</summary>
    public Cell Total => Days.OrderBy(day => day.Key).SelectMany(day => day.Value).Aggregate(Cell.Nothing, (sum, quarter) => sum + quarter.Cell);

    /// <summary>This, with one day set to what it holds.</summary>
    public MonthRow With(DateOnly day, IReadOnlyList<QuarterCell> quarters)
    {
        if (TableLayout.MonthOf(day) != Month) throw new ArgumentException($"{day:yyyy-MM-dd} is not in the month of {Month:yyyy-MM}.", nameof(day));
        return this with { Days = new Dictionary<int, IReadOnlyList<QuarterCell>>(Days) { [day.Day] = quarters } };
    }
}
