namespace Orleans.Counter.Security;

/// <summary>What a caller may do. None of them holds another one: a key has those that it was given.</summary>
[Flags]
internal enum Scope
{
    None = 0,

    /// <summary>Send events.</summary>
    Ingest = 1,

    /// <summary>Ask for counts.</summary>
    Read = 2,

    /// <summary>Say what a video is.</summary>
    Manage = 4,

    /// <summary>Audit, repair, delete, look inside.</summary>
    Admin = 8,
}

/// <summary>The names of scopes: in keys, in the roles of bearer tokens, and of the policies that ask for them.</summary>
internal static class Scopes
{
    public const Scope All = Scope.Ingest | Scope.Read | Scope.Manage | Scope.Admin;

    /// <summary>Each of them, once.</summary>
    public static IReadOnlyList<Scope> Each { get; } = [Scope.Ingest, Scope.Read, Scope.Manage, Scope.Admin];

    /// <summary>The names of all, as a sentence needs them.</summary>
    public static string Known => string.Join(", ", Each.Select(Name));

    public static string Name(this Scope one) => one switch
    {
        Scope.Ingest => "ingest",
        Scope.Read => "read",
        Scope.Manage => "manage",
        Scope.Admin => "admin",
        _ => throw new ArgumentOutOfRangeException(nameof(one), one, "Only a single scope has a name."),
    };

    /// <summary>The names of those that are in <paramref name="scopes"/>.</summary>
    public static IEnumerable<string> Names(this Scope scopes) => Each.Where(one => scopes.HasFlag(one)).Select(Name);

    /// <summary>Reads names with commas or spaces between them.</summary>
    /// <exception cref="FormatException">One is not a scope, or there is none.</exception>
    public static Scope Read(string names)
    {
        var scopes = Scope.None;
        foreach (var name in names.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
            scopes |= Each.FirstOrDefault(one => one.Name() == name) is var found and not Scope.None ? found : throw new FormatException($"'{name}' is not a scope; there are {Known}.");
        return scopes is not Scope.None ? scopes : throw new FormatException($"There is no scope; there are {Known}.");
    }
}
