using System.CommandLine;
using System.Globalization;
using Orleans.Counter.Cli.Hub;

namespace Orleans.Counter.Cli.Commands;

/// <summary><c>counter hub</c>: looks into an event hub, and puts events into it. Reads beside whoever else reads, and takes nothing away from them.</summary>
internal static class HubCommand
{
    private static readonly Option<string?> Connection = new("--connection") { Description = "Connection string of the namespace. Default: the event hub that `counter up` runs." };
    private static readonly Option<string?> Name = new("--hub") { Description = "The event hub. Default: the one that the connection string names, or `events`." };
    private static readonly Option<string> Data = new("--data") { Description = "The folder of the local service.", DefaultValueFactory = _ => ".local" };
    private static readonly Option<bool> Json = new("--json") { Description = "JSON, an object a line." };
    private static readonly Option<string?> Partition = new("--partition") { Description = "One partition. Default: all of them." };

    public static Command Create() => new("hub", "Looks into an event hub.") { Stats(), Peek(), Send() };

    private static Command Stats()
    {
        var command = new Command("stats", "What each partition holds.") { Connection, Name, Data, Json };
        command.SetAction((parsed, cancellationToken) => OpenHub.Use(
            parsed.GetValue(Connection), parsed.GetValue(Name), parsed.GetRequiredValue(Data),
            hub => new HubStats(hub, parsed.InvocationConfiguration.Output).Show(parsed.GetValue(Json), cancellationToken)));
        return command;
    }

    private static Command Peek()
    {
        var count = new Option<int>("--count") { Description = "How many events of each partition.", DefaultValueFactory = _ => 10 };
        var follow = new Option<bool>("--follow") { Description = "Goes on with what comes, until Ctrl-C." };
        var from = new Option<PeekFrom>("--from")
        {
            Description = "beginning, end, a sequence number, or a time like 2026-11-23T10:05:00Z. Default: so that the last events are shown.",
            DefaultValueFactory = _ => PeekFrom.LastOnes,
            CustomParser = argument =>
            {
                if (PeekFrom.TryParse(argument.Tokens[0].Value, out var parsed)) return parsed;
                argument.AddError($"'{argument.Tokens[0].Value}' is no place to begin: beginning, end, a sequence number, or a time with its offset, like 2026-11-23T10:05:00Z.");
                return PeekFrom.LastOnes;
            },
        };
        count.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1) result.AddError("--count is at least 1.");
        });
        var command = new Command("peek", "Shows events: frames of this service decoded, others as text or bytes.") { Connection, Name, Data, Json, Partition, from, count, follow };
        command.SetAction((parsed, cancellationToken) => OpenHub.Use(
            parsed.GetValue(Connection), parsed.GetValue(Name), parsed.GetRequiredValue(Data),
            hub => new HubPeek(hub, parsed.InvocationConfiguration.Output, parsed.GetValue(Json))
                .Show(parsed.GetValue(Partition), parsed.GetRequiredValue(from), parsed.GetValue(count), parsed.GetValue(follow), cancellationToken)));
        return command;
    }

    private static Command Send()
    {
        var texts = new Argument<string[]>("text") { Description = "An event for each. Default: one for each line of standard input.", Arity = ArgumentArity.ZeroOrMore };
        var key = new Option<string?>("--key") { Description = "Partition key: events of one key come to one partition." };
        var properties = new Option<string[]>("--property") { Description = "name=value, a text; may be given many times." };
        var command = new Command("send", "Sends texts as events.") { texts, Connection, Name, Data, Partition, key, properties };
        properties.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1) is { } wrong) result.AddError($"'{wrong.Value}' is not name=value.");
        });
        command.Validators.Add(result =>
        {
            if (result.GetValue(Partition) is not null && result.GetValue(key) is not null) result.AddError("--partition and --key exclude each other.");
        });
        command.SetAction((parsed, cancellationToken) => OpenHub.Use(
            parsed.GetValue(Connection), parsed.GetValue(Name), parsed.GetRequiredValue(Data),
            async hub =>
            {
                var named = (parsed.GetValue(properties) ?? []).Select(one => one.Split('=', 2)).ToDictionary(pair => pair[0], pair => (object)pair[1]);
                var given = parsed.GetValue(texts) ?? [];
                var sent = await hub.SendTexts(
                    given.Length > 0 ? given.ToAsyncEnumerable() : Lines(Console.In, cancellationToken), parsed.GetValue(Partition), parsed.GetValue(key), named, cancellationToken);
                await parsed.InvocationConfiguration.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{sent} {(sent == 1 ? "event is" : "events are")} in the log."));
                return 0;
            }));
        return command;
    }

    private static async IAsyncEnumerable<string> Lines(TextReader input, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await input.ReadLineAsync(cancellationToken) is { } line) yield return line;
    }
}
