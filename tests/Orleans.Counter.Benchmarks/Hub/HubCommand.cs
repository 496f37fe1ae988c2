using System.CommandLine;
using static Orleans.Counter.Benchmarks.WholeNumber;

namespace Orleans.Counter.Benchmarks.Hub;

/// <summary><c>hub</c>: what DevHub takes, and how soon it serves what it holds.</summary>
internal static class HubCommand
{
    public static Command Create()
    {
        var seconds = AtLeast(1, "--seconds", "How long events are sent for each size.", 10);
        var gigabytes = AtLeast(1, "--gigabytes", "How much it holds when it is started again.", 1);
        var starts = AtLeast(1, "--starts", "How often it is started with that, after an orderly end and after a kill.", 5);
        var command = new Command("hub", "DevHub in a process of its own, each event flushed to disk: events and megabytes a second of two sizes, and the time to a start.") { seconds, gigabytes, starts };
        command.SetAction((parsed, cancellationToken) => new HubBenchmark(
            new(TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(gigabytes), parsed.GetValue(starts)), parsed.InvocationConfiguration.Output).Run(cancellationToken));
        return command;
    }
}

/// <summary>What an operator may choose.</summary>
internal sealed record HubSettings(TimeSpan Sending, int Gigabytes, int Starts);
