using System.CommandLine;

namespace Orleans.Counter.Cli.Commands;

/// <summary>The key with which a command comes to a service; a local one asks for none.</summary>
internal static class ServiceKey
{
    private const string Variable = "COUNTER_KEY";

    /// <param name="scopes">What the key has to be good for.</param>
    public static Option<string?> Option(string scopes) => new("--key")
    {
        Description = $"A key of the scope {scopes}, if the service asks for one. Default: the variable {Variable}, which others on this machine cannot read.",
    };

    /// <summary>Every request brings the key that was given, or that the variable holds.</summary>
    public static void AddTo(HttpClient http, string? given)
    {
        if ((given ?? Environment.GetEnvironmentVariable(Variable)) is { Length: > 0 } key) http.DefaultRequestHeaders.Add("X-Api-Key", key);
    }
}
