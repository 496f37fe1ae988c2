using System.CommandLine;
using static Orleans.Counter.Benchmarks.WholeNumber;

namespace Orleans.Counter.Benchmarks.Recovery;

/// <summary><c>recover</c>: what counting does when a silo comes, goes or dies.</summary>
internal static class RecoverCommand
{
    public static Command Create()
    {
        var repetitions = AtLeast(1, "--repetitions", "How often a silo dies, leaves, and joins again after each.", 5);
        var rate = AtLeast(100, "--rate", "Events a second meanwhile, besides the probes.", 2_000);
        var probes = AtLeast(4, "--probes", "Videos that are sent an event and asked for their count every 50 ms; each in a shard of its own.", 32);
        probes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() > Shard.Count) result.AddError($"--probes is at most {Shard.Count}: one in each shard.");
        });
        var minutes = AtLeast(0, "--behind-minutes", "Minutes of log that lie behind before anything starts; 0: none.", 0);
        var behindRate = AtLeast(100, "--behind-rate", "Events in each second of them.", 20_000);
        var logs = new Option<string?>("--logs") { Description = "A folder that gets the logs of all processes." };
        var command = new Command("recover", "Three silos: kills one, asks one to leave, starts it again, and says for how long counting stood still; checks every count.")
        {
            repetitions, rate, probes, minutes, behindRate, logs,
        };
        command.SetAction((parsed, cancellationToken) => new RecoverBenchmark(
            new(parsed.GetValue(repetitions), parsed.GetValue(rate), parsed.GetValue(probes), parsed.GetValue(minutes), parsed.GetValue(behindRate), parsed.GetValue(logs)),
            parsed.InvocationConfiguration.Output).Run(cancellationToken));
        return command;
    }
}

/// <summary>What an operator may choose.</summary>
internal sealed record RecoverSettings(int Repetitions, int Rate, int Probes, int BehindMinutes, int BehindRate, string? Logs);
