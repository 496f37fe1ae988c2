using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Import;

/// <summary>What the service counts of one video and type, beside what the file says.</summary>
internal sealed record Comparison(VideoId Video, EventType Type, long Sent, long Answered)
{
    public long Difference => Answered - Sent;
}

/// <summary>Asks the service for the largest videos until it answers what was sent, or does not move any more.</summary>
internal sealed class ImportCheck(CounterClient client, TimeProvider time)
{
    private const int VideosMax = 10;
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan QuietFor = TimeSpan.FromSeconds(10);

    /// <summary>The ten videos with the most events, for both types, in the order of their size.</summary>
    /// <remarks>Returns at once when everything is equal, and ten seconds after the last answer that changed if it is not.</remarks>
    public async Task<IReadOnlyList<Comparison>> Largest(ImportPlan plan, CancellationToken cancellationToken)
    {
        var largest = plan.Sums.GroupBy(sum => sum.Key.Video)
            .OrderByDescending(video => video.Sum(sum => sum.Value)).ThenBy(video => video.Key.Value, StringComparer.Ordinal)
            .Take(VideosMax)
            .SelectMany(video => video)
            .OrderBy(sum => sum.Key.Type == EventType.View ? 0 : 1) // stable: the order of the videos stays
            .ToArray();

        IReadOnlyList<Comparison> last = [];
        var changed = time.GetTimestamp();
        while (true)
        {
            var now = await Task.WhenAll(largest.Select(async sum => new Comparison(
                sum.Key.Video, sum.Key.Type, sum.Value, await client.CountAsync(sum.Key.Video, sum.Key.Type, cancellationToken: cancellationToken))));
            if (now.All(comparison => comparison.Difference is 0)) return now;
            if (!now.SequenceEqual(last)) changed = time.GetTimestamp();
            else if (time.GetElapsedTime(changed) >= QuietFor) return now;
            last = now;
            await Task.Delay(AskEvery, time, cancellationToken);
        }
    }
}
