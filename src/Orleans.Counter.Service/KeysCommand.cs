using System.Globalization;
using Azure;
using Microsoft.Extensions.Options;
using Orleans.Counter.Security;
using Orleans.Counter.Storage;

namespace Orleans.Counter;

/// <summary><c>keys create|list|revoke</c> instead of a service: with the settings of the service, and whether one runs or not.</summary>
internal static class KeysCommand
{
    public const string Usage = """
        keys create --name <who has it> [--scopes ingest,read,manage,admin] [--expires <RFC 3339 time>]
        keys create --name <who has it> --origins https://example.com,https://www.example.com [--expires <RFC 3339 time>]   (publishable)
        keys list
        keys revoke <id>
        """;

    public static bool IsAsked(string[] args) => args is ["keys", ..];

    /// <returns>0 if it was done.</returns>
    public static async Task<int> Run(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        builder.Services.AddOptions<StorageOptions>().BindConfiguration(StorageOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>();
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton<IKeyStore, TableKeyStore>();
        using var host = builder.Build(); // Never started.
        try
        {
            await Console.Out.WriteLineAsync(await Run(args, host.Services.GetRequiredService<IKeyStore>(), TimeProvider.System, CancellationToken.None));
            return 0;
        }
        catch (Exception refusal) when (refusal is FormatException or OptionsValidationException or RequestFailedException or AggregateException)
        {
            await Console.Error.WriteLineAsync(refusal.Message);
            return 1;
        }
    }

    /// <returns>What is said: of <c>create</c>, the only words that hold the key.</returns>
    /// <exception cref="FormatException">What was asked for does not exist; the message says what does.</exception>
    public static Task<string> Run(string[] args, IKeyStore store, TimeProvider time, CancellationToken cancellationToken) => args switch
    {
        ["keys", "create", .. var options] => Create(Options(options), store, time.GetUtcNow(), cancellationToken),
        ["keys", "list"] => List(store, time.GetUtcNow(), cancellationToken),
        ["keys", "revoke", var id] => Revoke(id, store, time.GetUtcNow(), cancellationToken),
        _ => throw new FormatException($"That is none of:\n{Usage}"),
    };

    private static async Task<string> Create(Dictionary<string, string> options, IKeyStore store, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var name = options.GetValueOrDefault("--name") is { Length: > 0 and <= 100 } given ? given : throw new FormatException("--name is missing, or longer than 100 characters: it says who has the key.");
        DateTimeOffset? expires = options.TryGetValue("--expires", out var time) ? Expiry(time, now) : null;
        if (options.TryGetValue("--origins", out var origins))
        {
            if (options.TryGetValue("--scopes", out var more) && more is not "ingest") throw new FormatException("A key with --origins is publishable, and everybody can read it: its only scope is ingest.");
            var key = new ApiKey(KeyText.NewId(), name, null, Scope.Ingest, Origins(origins), now, expires, null);
            await store.Add(key, cancellationToken);
            return $"{KeyText.PublishablePrefix}{key.Id}\nFor pages of {string.Join(' ', key.Origins)} to send events. It is no secret.";
        }

        var scopes = Scopes.Read(options.GetValueOrDefault("--scopes") ?? throw new FormatException($"--scopes is missing: some of {Scopes.Known}. For a key in a web page, --origins instead."));
        var (text, id, hash) = KeyText.NewSecret();
        await store.Add(new(id, name, hash, scopes, [], now, expires, null), cancellationToken);
        return $"{text}\nMay {string.Join(", ", scopes.Names())}. This is the only time that it is shown: only its SHA-256 is kept.";
    }

    private static async Task<string> List(IKeyStore store, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var keys = await store.ReadAll(cancellationToken);
        return keys.Count is 0 ? "There are no keys." : string.Join('\n', keys.OrderBy(key => key.CreatedAt).Select(key =>
            $"{(key.IsPublishable ? KeyText.PublishablePrefix : KeyText.Prefix)}{key.Id}  {string.Join(',', key.Scopes.Names())}  {State(key, now)}  made {key.CreatedAt:u}  {key.Name}"
            + (key.IsPublishable ? $"  {string.Join(' ', key.Origins)}" : "")));
    }

    private static async Task<string> Revoke(string given, IKeyStore store, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var id = given.StartsWith(KeyText.PublishablePrefix, StringComparison.Ordinal) ? given[KeyText.PublishablePrefix.Length..]
            : given.StartsWith(KeyText.Prefix, StringComparison.Ordinal) ? given[KeyText.Prefix.Length..]
            : given;
        if (!KeyText.IsId(id)) throw new FormatException("That is not the id of a key: it has 12 letters and digits, as `keys list` shows it.");
        return await store.Revoke(id, now, cancellationToken) ? $"{id} is revoked. Everywhere within 30 seconds." : throw new FormatException($"There is no key '{id}'; `keys list` shows all.");
    }

    private static string State(ApiKey key, DateTimeOffset now) => key switch
    {
        { RevokedAt: { } revoked } => $"revoked {revoked:u}",
        { ExpiresAt: { } expired } when expired <= now => $"expired {expired:u}",
        { ExpiresAt: { } expires } => $"good until {expires:u}",
        _ => "good",
    };

    private static DateTimeOffset Expiry(string text, DateTimeOffset now) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) && at > now ? at
            : throw new FormatException($"--expires is '{text}'; it is a time in the future, like 2027-06-30T00:00:00Z.");

    // As a browser writes it into the header Origin: scheme, host, and the port if it is not the usual one.
    private static string[] Origins(string list)
    {
        var origins = list.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
        foreach (var origin in origins)
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.GetLeftPart(UriPartial.Authority) != origin)
                throw new FormatException($"'{origin}' is not an origin; it is written like https://www.example.com, in small letters and without a path.");
        return origins.Length > 0 ? origins : throw new FormatException("--origins is empty; it is the addresses of the pages that may send the key, like https://www.example.com.");
    }

    private static Dictionary<string, string> Options(string[] args)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Length; i += 2)
        {
            if (args[i] is not ("--name" or "--scopes" or "--origins" or "--expires")) throw new FormatException($"'{args[i]}' is not known here:\n{Usage}");
            if (i + 1 == args.Length || !options.TryAdd(args[i], args[i + 1])) throw new FormatException($"{args[i]} has no value, or two.");
        }

        return options;
    }
}
