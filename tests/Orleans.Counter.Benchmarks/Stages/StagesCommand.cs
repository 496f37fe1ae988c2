using System.CommandLine;

namespace Orleans.Counter.Benchmarks.Stages;

/// <summary><c>stages</c>: what each step costs by itself, in this process.</summary>
internal static class StagesCommand
{
    public static Command Create()
    {
        var command = new Command("stages", "Measures every stage by itself on batches of 500 events.");
        command.SetAction((parsed, cancellationToken) => Task.FromResult(0));
        return command;
    }
}
