using System.Globalization;
using Xunit;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>
/// The counting path from the hub's log to the table's rows, with everything around it simulated and drawn from a seed. COUNTER_SEED runs one schedule and says what happens in it;
/// COUNTER_LONG=1 runs many more.
/// </summary>
[Collection(nameof(SimulationCollection))]
public sealed class SimulationTests(ITestOutputHelper output)
{
    // Half of the processors: other assemblies' tests run at the same time, and some of them wait for real processes.
    private static readonly ParallelOptions Half = new() { MaxDegreeOfParallelism = Math.Max(1, Environment.ProcessorCount / 2) };

    private static readonly int Schedules = Environment.GetEnvironmentVariable("COUNTER_LONG") is "1" ? 100_000 : 1_500;

    [Fact]
    public void Every_schedule_ends_exact()
    {
        if (Environment.GetEnvironmentVariable("COUNTER_SEED") is { Length: > 0 } seed)
        {
            Schedule.Run(int.Parse(seed, CultureInfo.InvariantCulture), output.WriteLine);
            return;
        }

        (int Seed, Exception Exception)? first = null;
        var (failed, gate) = (0, new Lock());
        Parallel.For(0, Schedules, Half, (number, loop) =>
        {
            try
            {
                Schedule.Run(number);
            }
            catch (Exception exception)
            {
                lock (gate)
                {
                    failed++;
                    if (first is null || number < first.Value.Seed) first = (number, exception);
                }

                loop.Break();
            }
        });
        if (first is { } wrong) Assert.Fail($"Seed {wrong.Seed} is the first of {failed} that failed; COUNTER_SEED={wrong.Seed} replays it. {wrong.Exception}");
    }

    [Fact]
    public void A_seed_runs_the_same_way_each_time()
    {
        for (var seed = 0; seed < 25; seed++) Assert.Equal(Schedule.Run(seed), Schedule.Run(seed));
    }
}

/// <summary>Alone in its process: a world that is simulated takes threads from those that others wait for.</summary>
[CollectionDefinition(nameof(SimulationCollection), DisableParallelization = true)]
public sealed class SimulationCollection;
