using System.CommandLine;

namespace Orleans.Counter.Cli.Commands;

/// <summary>Where the service is that a command talks to.</summary>
internal static class ServiceUrl
{
    private const string Name = "--url";

    /// <param name="severalSilos">True: it may be given once for every silo.</param>
    public static Option<Uri[]> Option(bool severalSilos = false) => new(Name)
    {
        Description = severalSilos ? "Where the service answers; once for each silo." : "Where the service answers.",
        DefaultValueFactory = _ => [new("http://localhost:5080")],
        Arity = severalSilos ? ArgumentArity.OneOrMore : ArgumentArity.ExactlyOne,
        CustomParser = argument =>
        {
            var urls = argument.Tokens
                .Select(token => Uri.TryCreate(token.Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : null).ToArray();
            if (urls.All(url => url is not null)) return urls!;
            argument.AddError($"{Name} looks like http://localhost:5080.");
            return null;
        },
    };

    /// <summary>Without this a wrong address would be tried for minutes.</summary>
    /// <exception cref="CommandFailedException">Nobody answers.</exception>
    public static async Task RequireAnswer(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync($"{http.BaseAddress!.AbsoluteUri.TrimEnd('/')}/health/live", cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            throw new CommandFailedException(
                $"Nobody answers at {http.BaseAddress}: {failure.Message} `counter up` starts a service; {Name} names another one.", failure);
        }
    }
}
