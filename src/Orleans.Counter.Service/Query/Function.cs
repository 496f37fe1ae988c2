namespace Orleans.Counter.Query;

/// <summary>What can be asked of the values in a range.</summary>
internal sealed record Function(string Name, Func<Cell, object?> Of)
{
    /// <summary>All, in the order of answers.</summary>
    public static readonly IReadOnlyList<Function> All =
    [
        new("count", cell => cell.Count),
        new("sum", cell => cell.Sum),
        new("avg", cell => cell.Count == 0 ? null : cell.Sum / cell.Count),
        new("min", cell => cell.Count == 0 ? null : cell.Min),
        new("max", cell => cell.Count == 0 ? null : cell.Max),
    ];

    /// <summary>Reads names between commas; all functions if there is no list, null if a name is none.</summary>
    public static IReadOnlyList<Function>? Read(string? names)
    {
        if (names is null) return All;
        var asked = names.Split(',');
        return asked.All(name => All.Any(one => one.Name == name)) ? [.. All.Where(one => asked.Contains(one.Name))] : null;
    }
}
