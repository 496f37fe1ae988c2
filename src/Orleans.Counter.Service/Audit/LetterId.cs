using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Orleans.Counter.Audit;

/// <summary>What a dead letter is called in an address: its name, with a dot for the slash that no address can hold. No name has a dot.</summary>
internal static partial class LetterId
{
    /// <summary>The rule, as a document needs it.</summary>
    public const string Pattern = "^[0-9]{1,9}\\.[0-9a-f]{16}(-time|-types-[A-Za-z0-9_-]{1,140})?$";

    public static string Of(string name) => name.Replace('/', '.');

    /// <summary>The name that is meant; false if no letter of this service can have it.</summary>
    public static bool TryName(string id, [NotNullWhen(true)] out string? name)
    {
        name = !id.EndsWith('\n') && Rule().IsMatch(id) ? id.Replace('.', '/') : null;
        return name is not null;
    }

    [GeneratedRegex(Pattern)]
    private static partial Regex Rule();
}
