using System.CommandLine;

namespace Orleans.Counter.Benchmarks.Stages;

/// <summary><c>stages</c>: what each step costs by itself, in this process.</summary>
internal static class StagesCommand
{
    private const int Events = 100_000;

    public static Command Create()
    {
        var held = new Option<bool>("--held") { Description = "Only what memory holds." };
        var command = new Command("stages", "Measures every stage by itself, on requests of 500 events.") { held };
        command.SetAction((parsed, cancellationToken) => Run(parsed.InvocationConfiguration.Output, parsed.GetValue(held), cancellationToken));
        return command;
    }

    private static async Task<int> Run(TextWriter output, bool onlyHeld, CancellationToken cancellationToken)
    {
        var (machine, stages) = (Machine.Now, new List<StageFigures>());
        await output.WriteLineAsync($"{machine}");
        if (!onlyHeld) await Run();
        var held = await HeldStages.Measure();
        foreach (var figures in held) await output.WriteLineAsync($"{figures}");
        await output.WriteLineAsync(Machine.Line(new { benchmark = "stages", machine, loadAverageAtEnd = Machine.Now.LoadAverage, batch = StageData.Batch, stages, held }));
        return 0;

        async Task Run()
        {
            var data = new StageData(Events, round: 1);
            await output.WriteLineAsync($"{data.Bodies.Count} requests of {StageData.Batch} events, {data.Frames.Count} frames for {StageData.Partitions} partitions.");
            foreach (var figures in IngestStages.Measure(data).Concat(StreamingStages.Measure(data)).Concat(CountingStages.Measure(data)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await Add(figures);
            }

            foreach (var figures in await GrainStages.Measure()) await Add(figures);
        }

        Task Add(StageFigures figures)
        {
            stages.Add(figures);
            return output.WriteLineAsync($"{figures}");
        }
    }
}
