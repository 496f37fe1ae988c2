using System.Text.RegularExpressions;
using Orleans.Counter.Benchmarks.Load;

namespace Orleans.Counter.Benchmarks.Recovery;

/// <summary>What one event in the life of a cluster did to the probes. Seconds, if nothing else is said.</summary>
/// <param name="What">What was done.</param>
/// <param name="Silo">To which silo.</param>
/// <param name="Took">Until its process was gone, or ready.</param>
/// <param name="Pause">The longest that a probe's count did not grow.</param>
/// <param name="PauseMedian">What half of the probes had at most.</param>
/// <param name="Delay">The longest from a 202 until it was counted.</param>
/// <param name="Over2">Which share of the probes stood still for more than two seconds.</param>
/// <param name="Over10">The same, ten seconds.</param>
/// <param name="SentAgain">Requests that were refused or not answered, and sent again.</param>
/// <param name="Unanswered">Questions for a count that were not answered within a second.</param>
/// <param name="TakeOvers">How partitions found new readers.</param>
internal sealed record Disturbance(
    string What, int Silo, double Took, double Pause, double PauseMedian, double Delay, double Over2, double Over10, int SentAgain, int Unanswered, IReadOnlyList<TakeOver> TakeOvers)
{
    public override string ToString() =>
        $"{What,-5} silo{Silo} ({Took:0.0} s): paused {Pause:0.00} s at most, half of them {PauseMedian:0.00} s, {Over2:P0} over 2 s, {Over10:P0} over 10 s; "
        + $"202 to seen {Delay:0.00} s at most; {SentAgain} sent again, {Unanswered} questions unanswered{string.Concat(TakeOvers.Select(one => $"\n      {one}"))}";
}

/// <summary>A partition has a new reader.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="Silo">Who reads it now.</param>
/// <param name="After">Seconds after what was done.</param>
/// <param name="Sightings">How many it loaded; null: it had to read them in the log.</param>
internal sealed partial record TakeOver(int Partition, int Silo, double After, long? Sightings)
{
    public override string ToString() => $"partition {Partition} taken over by silo{Silo} after {After:0.0} s, {(Sightings is { } loaded ? $"{loaded} sightings loaded" : "read back")}";

    /// <summary>The take-overs that the silos have logged since this moment.</summary>
    public static IReadOnlyList<TakeOver> Since(DateTime moment, LocalCounter counter)
    {
        var found = new List<TakeOver>();
        for (var silo = 1; silo <= counter.Urls.Count; silo++)
        {
            var loaded = new Dictionary<string, long>();
            foreach (var line in counter.SiloLog(silo).Where(line => line.At >= moment))
            {
                if (Loaded().Match(line.Text) is { Success: true } sightings) loaded[sightings.Groups["partition"].Value] = long.Parse(sightings.Groups["count"].ValueSpan);
                if (TookOver().Match(line.Text) is not { Success: true } reader) continue;
                var partition = reader.Groups["partition"].Value;
                found.Add(new(int.Parse(partition), silo, Math.Round((line.At - moment).TotalSeconds, 2), loaded.Remove(partition, out var count) ? count : null));
            }
        }

        return [.. found.OrderBy(one => one.After)];
    }

    [GeneratedRegex("Partition (?<partition>[0-9]+): (?<count>[0-9]+) sightings of [0-9]+ blobs loaded", RegexOptions.ExplicitCapture)]
    private static partial Regex Loaded();

    [GeneratedRegex("Partition (?<partition>[0-9]+): taken over", RegexOptions.ExplicitCapture)]
    private static partial Regex TookOver();
}
