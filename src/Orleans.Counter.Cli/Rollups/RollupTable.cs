using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace Orleans.Counter.Cli.Rollups;

/// <summary>How far rollup is, as a table: a line for each group, and what is wrong below it.</summary>
internal sealed class RollupTable(HttpClient http, TextWriter output)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    /// <returns>0, or 1 if a group is late or has failed.</returns>
    /// <exception cref="CommandFailedException">The service refuses to say.</exception>
    public async Task<int> Show(int days, bool json, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(string.Create(CultureInfo.InvariantCulture, $"{http.BaseAddress!.AbsoluteUri.TrimEnd('/')}/v1/admin/rollups?days={days}"), cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode) throw new CommandFailedException($"The service answers {(int)response.StatusCode}: {body}");
        var answer = JsonSerializer.Deserialize<RollupAnswer>(body, Web) ?? throw new CommandFailedException("The service answers nothing.");
        if (json) await output.WriteLineAsync(body);
        else Write(answer);
        return answer.Groups.Any(group => group.DaysLate > 0 || group.Failure is not null) ? 1 : 0;
    }

    private void Write(RollupAnswer answer)
    {
        var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        console.Profile.Width = 160; // A file has no width, and a narrow terminal breaks lines better than a table does.
        console.Write(Table(
            ["group", "sealed", "archived", "retired", "late", "days", "minutes", "events", "bytes", "last run"],
            answer.Groups.Select(group => (string[])
            [
                group.Group, Text(group.SealedThrough), Text(group.ArchivedThrough), Text(group.RetiredThrough), Text(group.DaysLate), Text(group.Days), Text(group.Rows), Text(group.Count), Text(group.Bytes),
                group.IsRunning ? "running" : Text(group.LastRunEnded),
            ])));
        foreach (var group in answer.Groups)
        {
            if (group.HeldBack is { } held) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{group.Group}: {held.Day:yyyy-MM-dd} is held back since {held.Since:yyyy-MM-dd HH:mm:ss}Z. {held.Reason}"));
            if (group.Failure is { } failure) output.WriteLine($"{group.Group}: the last run has failed. {failure}");
        }

        if (answer.Groups.All(group => group.Recent.Count == 0)) return;
        console.Write(Table(
            ["group", "day", "version", "minutes", "events", "bytes", "written", "rows deleted"],
            answer.Groups.SelectMany(group => group.Recent.Select(day => (string[])
            [
                group.Group, Text(day.Day), Text(day.Version), Text(day.Rows), Text(day.Count), Text(day.Bytes), Text(day.WrittenAt), Text(day.RetiredAt),
            ]))));
    }

    private static Table Table(string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in columns) table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        foreach (var row in rows) table.AddRow([.. row.Select(cell => new Text(cell))]);
        return table;
    }

    private static string Text(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Text(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";

    private static string Text(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "";
}
