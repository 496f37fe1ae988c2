namespace Orleans.Counter.Query;

/// <summary>How a question divides its range.</summary>
internal sealed record Granules(MinuteRange Range, Granularity Granularity, WallClock Clock)
{
    /// <summary>The most that one answer has room for.</summary>
    public const int Max = 1500;

    /// <summary>The whole granules that the range touches, in order.</summary>
    public IEnumerable<MinuteRange> All
    {
        get
        {
            for (var granule = Of(Range.From); ; granule = Of(granule.To))
            {
                yield return granule;
                if (granule.To >= Range.To) break;
            }
        }
    }

    /// <summary>True if one answer has room for all of them.</summary>
    public bool Fit => All.Take(Max + 1).Count() <= Max;

    /// <summary>Does not divide it at all.</summary>
    public static Granules Whole(MinuteRange range) => new(range, Granularity.Whole, WallClock.Utc);

    /// <summary>The finest that fit; null if not even the coarsest do.</summary>
    public static Granules? Finest(MinuteRange range, WallClock clock) => Granularity.All.Select(granularity => new Granules(range, granularity, clock)).FirstOrDefault(granules => granules.Fit);

    /// <summary>The granule that holds a minute.</summary>
    public MinuteRange Of(Minute minute) => Granularity.Granule(Clock, minute);

    /// <summary>True if a quarter hour of UTC in this part of the range is cut, by a granule or by the end of the range: then it has to be known by the minute.</summary>
    public bool CutQuarters(MinuteRange part)
    {
        if (IsCut(part.From) || IsCut(part.To)) return true;
        for (var granule = Of(part.From); granule.To < part.To; granule = Of(granule.To))
            if (IsCut(granule.To)) return true;
        return false;

        static bool IsCut(Minute minute) => minute.Number % QuarterCell.Minutes != 0;
    }
}

/// <summary>What was counted in a granule, as far as it lies inside the range.</summary>
internal readonly record struct GranuleCell(MinuteRange Granule, Cell Cell);
