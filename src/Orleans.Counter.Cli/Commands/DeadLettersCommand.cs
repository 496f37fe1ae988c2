using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Orleans.Counter.Cli.Commands;

/// <summary><c>counter deadletters</c>: what a service has set aside: to be looked at, given back once, or thrown away.</summary>
internal static class DeadLettersCommand
{
    private const string Letters = "v1/admin/deadletters";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly Option<Uri[]> Url = ServiceUrl.Option();
    private static readonly Option<string?> Key = ServiceKey.Option("admin");
    private static readonly Argument<string[]> Ids = new("id") { Description = "What `counter deadletters list` calls it.", Arity = ArgumentArity.OneOrMore };

    public static Command Create() => new("deadletters", "What a service has accepted and could not count.")
    {
        Verb(new("list", "Shows all of them."), (http, _, output, cancellationToken) => List(http, output, cancellationToken)),
        Verb(new("show", "Shows what is in them, as JSON.") { Ids }, (http, ids, output, cancellationToken) => Each(ids, id => Show(http, id, output, cancellationToken))),
        Verb(new("replay", "Counts their events in the minutes to which they belong: once.") { Ids }, (http, ids, output, cancellationToken) => Each(ids, id => Replay(http, id, output, cancellationToken))),
        Verb(new("delete", "Throws them away. What of them is counted stays counted.") { Ids }, (http, ids, output, cancellationToken) => Each(ids, id => Delete(http, id, output, cancellationToken))),
    };

    /// <summary>All letters, a line each.</summary>
    internal static async Task List(HttpClient http, TextWriter output, CancellationToken cancellationToken)
    {
        var (count, next) = (0, "");
        do
        {
            var page = await AdminApi.Ask(http, HttpMethod.Get, $"{Letters}?limit=100{next}", cancellationToken);
            foreach (var letter in page!["items"]!.AsArray())
            {
                await output.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture, $"{letter!["id"]}  {letter["reason"]}  {letter["events"]} events  {letter["state"]}  set aside {letter["addedAt"]!.GetValue<DateTime>():u}"));
                count++;
            }

            next = (string?)page["next"] is { } cursor ? $"&cursor={Uri.EscapeDataString(cursor)}" : null;
        }
        while (next is not null);
        if (count == 0) await output.WriteLineAsync("There are no dead letters.");
    }

    internal static async Task Show(HttpClient http, string id, TextWriter output, CancellationToken cancellationToken) =>
        await output.WriteLineAsync((await AdminApi.Ask(http, HttpMethod.Get, Address(id), cancellationToken))!.ToJsonString(Indented));

    internal static async Task Replay(HttpClient http, string id, TextWriter output, CancellationToken cancellationToken)
    {
        var letter = await AdminApi.Ask(http, HttpMethod.Post, $"{Address(id)}/replay", cancellationToken);
        await output.WriteLineAsync($"{id}: {letter!["events"]} events are counted.");
    }

    internal static async Task Delete(HttpClient http, string id, TextWriter output, CancellationToken cancellationToken)
    {
        await AdminApi.Ask(http, HttpMethod.Delete, Address(id), cancellationToken);
        await output.WriteLineAsync($"{id} is deleted.");
    }

    private static Command Verb(Command command, Func<HttpClient, string[], TextWriter, CancellationToken, Task> run)
    {
        command.Options.Add(Url);
        command.Options.Add(Key);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var http = await AdminApi.Open(parsed.GetRequiredValue(Url).Single(), parsed.GetValue(Key), cancellationToken);
            await run(http, command.Arguments.Count > 0 ? parsed.GetRequiredValue(Ids) : [], parsed.InvocationConfiguration.Output, cancellationToken);
            return 0;
        });
        return command;
    }

    private static async Task Each(string[] ids, Func<string, Task> run)
    {
        foreach (var id in ids) await run(id);
    }

    private static string Address(string id) => $"{Letters}/{Uri.EscapeDataString(id)}";
}
