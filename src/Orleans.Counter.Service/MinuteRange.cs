namespace Orleans.Counter;

/// <summary>Minutes from one on and before another: includes its start and excludes its end.</summary>
internal readonly record struct MinuteRange
{
    /// <summary>All minutes.</summary>
    public static readonly MinuteRange Everything = new(new(int.MinValue), new(int.MaxValue));

    public MinuteRange(Minute from, Minute to)
    {
        if (from >= to) throw new ArgumentException($"A range begins before it ends; this one begins at {from} and ends at {to}.", nameof(to));
        (From, To) = (from, to);
    }

    public Minute From { get; }

    public Minute To { get; }

    /// <summary>How many minutes.</summary>
    public long Length => (long)To.Number - From.Number;

    public bool Contains(Minute minute) => From <= minute && minute < To;

    /// <summary>The minutes that are in both; null if there are none.</summary>
    public MinuteRange? Within(Minute first, Minute last)
    {
        var from = From > first ? From : first;
        var to = To.Number <= last.Number ? To : new(last.Number + 1);
        return from < to ? new(from, to) : null;
    }
}
