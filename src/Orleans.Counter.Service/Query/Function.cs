namespace Orleans.Counter.Query;

/// <summary>What can be asked of the values in a range.</summary>
/// <param name="Name">As it is asked for, and answered.</param>
/// <param name="Of">Its value.</param>
/// <param name="IsNullWhenEmpty">True if there is no value where nothing was counted.</param>
internal sealed record Function(string Name, Func<Cell, object?> Of, bool IsNullWhenEmpty = false)
{
    /// <summary>All, in the order of answers.</summary>
    public static readonly IReadOnlyList<Function> All =
    [
        new("count", cell => cell.Count),
        new("sum", cell => cell.Sum),
        new("avg", cell => cell.Count == 0 ? null : cell.Sum / cell.Count, IsNullWhenEmpty: true),
        new("min", cell => cell.Count == 0 ? null : cell.Min, IsNullWhenEmpty: true),
        new("max", cell => cell.Count == 0 ? null : cell.Max, IsNullWhenEmpty: true),
    ];

    /// <summary>Reads names between commas; all functions if there is no list, null if a name is none.</summary>
    public static IReadOnlyList<Function>? Read(string? names)
    {
        if (names is null) return All;
        var asked = names.Split(',');
        return asked.All(name => All.Any(one => one.Name == name)) ? [.. All.Where(one => asked.Contains(one.Name))] : null;
    }
}
