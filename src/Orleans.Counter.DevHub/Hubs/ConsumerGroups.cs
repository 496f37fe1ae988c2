namespace Orleans.Counter.Dev.Hubs;

/// <summary>Which consumer groups a hub has: those that were declared and <c>$Default</c>, or any if none was.</summary>
internal sealed class ConsumerGroups(IReadOnlyCollection<string> declared)
{
    public const string Default = "$Default";
    public const int NameLengthMax = 50;

    private readonly HashSet<string> _names = new([.. declared, Default], StringComparer.OrdinalIgnoreCase);

    public bool Contains(string name) => declared.Count == 0 ? name.Length is > 0 and <= NameLengthMax : _names.Contains(name);
}
