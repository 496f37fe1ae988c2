namespace Orleans.Counter;

/// <summary>What happened so many times, and the sum, the smallest and the largest of the values that came with it.</summary>
/// <remarks>A cell that counts nothing is <see cref="Nothing"/>: its other members say nothing.</remarks>
[GenerateSerializer, Immutable, Alias("counter.cell")]
internal readonly record struct Cell([property: Id(0)] long Count, [property: Id(1)] double Sum, [property: Id(2)] double Min, [property: Id(3)] double Max)
{
    public static readonly Cell Nothing;

    /// <summary>True if every value was 1, as with views: then only the count has to be kept.</summary>
    public bool IsPlain => Min == 1 && Max == 1 && Sum == Count;

    public static Cell One(double value) => new(1, value, value, value);

    public static Cell Plain(long count) => count == 0 ? Nothing : new(count, count, 1, 1);

    /// <summary>This, after somebody has put in or taken out events whose single values nobody knows: what is put in has their mean, what is taken out leaves the smallest and the largest as they were.</summary>
    /// <param name="count">How many; negative to take out, but no more than there are.</param>
    /// <param name="sum">Of their values.</param>
    /// <param name="min">The smallest of those that are put in, if that is known after all.</param>
    /// <param name="max">The largest.</param>
    public Cell Corrected(long count, double sum, double? min = null, double? max = null) =>
        count > 0 ? this + new Cell(count, sum, min ?? sum / count, max ?? sum / count)
        : Count + count == 0 ? Nothing
        : this with { Count = Count + count, Sum = Math.Clamp(Sum + sum, double.MinValue, double.MaxValue) };

    /// <summary>
    /// Both together. Counts add exactly; sums add in the order of the log, which is the same at every replay, and stay at the largest number where they would be infinite:
    /// neither the table nor JSON can hold that.
    /// </summary>
    public static Cell operator +(Cell left, Cell right) =>
        left.Count == 0 ? right
        : right.Count == 0 ? left
        : new(left.Count + right.Count, Math.Clamp(left.Sum + right.Sum, double.MinValue, double.MaxValue), Math.Min(left.Min, right.Min), Math.Max(left.Max, right.Max));
}
