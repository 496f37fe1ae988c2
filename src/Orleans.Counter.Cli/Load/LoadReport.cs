using System.Globalization;

namespace Orleans.Counter.Cli.Load;

/// <summary>What a user reads of a load.</summary>
internal static class LoadReport
{
    private const int ShownMax = 20;

    /// <returns>True if not an event is missing, not one is too many, and nothing is unknown.</returns>
    public static bool Verdict(LoadPlan plan, LoadFigures figures, Verdict verdict, Action<string> say)
    {
        var pace = string.Create(CultureInfo.InvariantCulture, $"{figures.Sending.TotalSeconds:0.0} s ({figures.Sent / figures.Sending.TotalSeconds:N0}/s)");
        say($"Sent {N(figures.Sent)} events in {pace}, {N(figures.New)} of them new, to {N(plan.Videos.Count)} videos.");
        var answers = string.Create(CultureInfo.InvariantCulture, $"p50 {figures.P50:0.0} ms, p99 {figures.P99:0.0} ms, at most {figures.Max:0.0} ms");
        say($"202 after {answers}; {N(figures.Failures)} requests were sent again to another silo.");
        foreach (var trouble in figures.Troubles) say($"  {trouble}");

        foreach (var difference in verdict.Differences.Take(ShownMax)) say($"  {difference}");
        if (verdict.Differences.Count > ShownMax) say($"  ... and {N(verdict.Differences.Count - ShownMax)} more minutes.");
        if (verdict.Unanswered > 0) say($"  {N(verdict.Unanswered)} questions were not answered.");
        say($"Accepted {N(figures.Accepted)}, counted {N(verdict.Counted)}: {N(verdict.Missing)} missing, {N(verdict.Extra)} extra,"
            + $" {N(verdict.Differences.Count)} minutes differ.");
        var isExact = verdict.IsExact && figures.Troubles.Count is 0 && figures.Accepted == figures.New;
        say(isExact ? $"Exact: every minute of {N(plan.Videos.Count)} videos." : "Not exact.");
        return isExact;
    }

    private static string N(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
