using System.CommandLine;
using static Orleans.Counter.Benchmarks.WholeNumber;

namespace Orleans.Counter.Benchmarks.History;

/// <summary><c>history</c>: years of finished days, and what questions about them cost.</summary>
internal static class HistoryCommand
{
    public static Command Create()
    {
        var file = new Option<string>("--file") { Description = "A CSV file of daily figures, as `counter import` takes it.", DefaultValueFactory = _ => "examples/us-trending-videos.csv" };
        var days = AtLeast(40, "--days", "How many days of history there are; the file is repeated over them, with its dates shifted.", 1_000);
        var dense = AtLeast(1, "--dense", "How many videos besides those of the file have views in each of the 1,440 minutes of every day.", 20);
        var questions = AtLeast(10, "--questions", "How many different questions of each kind are asked.", 200);
        var logs = new Option<string?>("--logs") { Description = "A folder that gets the logs of all processes." };
        var command = new Command("history", "Imports years of history, has it archived, and says how long questions about it take; checks every answer.") { file, days, dense, questions, logs };
        command.SetAction((parsed, cancellationToken) => new HistoryBenchmark(
            new(parsed.GetRequiredValue(file), parsed.GetValue(days), parsed.GetValue(dense), parsed.GetValue(questions), parsed.GetValue(logs)),
            parsed.InvocationConfiguration.Output).Run(cancellationToken));
        return command;
    }
}

/// <summary>What an operator may choose.</summary>
internal sealed record HistorySettings(string File, int Days, int Dense, int Questions, string? Logs);
