using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Orleans.Counter.Cli.Hub;

/// <summary>What each partition of an event hub holds.</summary>
internal sealed class HubStats(OpenHub hub, TextWriter output)
{
    public async Task<int> Show(bool json, CancellationToken cancellationToken)
    {
        var properties = await hub.Properties(cancellationToken);
        var partitions = await Task.WhenAll(properties.PartitionIds.Select(id => hub.Properties(id, cancellationToken)));
        if (json)
        {
            foreach (var one in partitions)
            {
                await output.WriteLineAsync(JsonSerializer.Serialize(
                    new
                    {
                        partition = one.Id,
                        events = one.LastSequenceNumber - one.BeginSequenceNumber + 1,
                        first = one.IsEmpty ? null : (long?)one.BeginSequenceNumber,
                        last = one.IsEmpty ? null : (long?)one.LastSequenceNumber,
                        lastOffset = one.IsEmpty ? null : one.LastOffset,
                        lastEnqueued = one.IsEmpty ? null : (DateTimeOffset?)one.LastEnqueuedTime,
                    }));
            }

            return 0;
        }

        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{properties.Name}, made at {properties.CreatedAt:yyyy-MM-dd HH:mm:ss}Z"));
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in (string[])["partition", "events", "first", "last", "last offset", "last enqueued"]) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        foreach (var one in partitions)
        {
            string[] cells = one.IsEmpty
                ? [one.Id, "0", "", "", "", ""]
                : [one.Id, Text(one.LastSequenceNumber - one.BeginSequenceNumber + 1), Text(one.BeginSequenceNumber), Text(one.LastSequenceNumber), one.LastOffset ?? "", EventText.Time(one.LastEnqueuedTime)];
            table.AddRow([.. cells.Select(cell => new Text(EventText.Printable(cell)))]);
        }

        AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No }).Write(table);
        return 0;
    }

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
