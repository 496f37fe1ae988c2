using System.Collections.Concurrent;
using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Load;

/// <summary>A minute of which the service says something else than was sent.</summary>
/// <param name="Video">The video.</param>
/// <param name="Type">The type.</param>
/// <param name="Minute">Null: all its minutes are right, and its count since ever is not.</param>
/// <param name="Expected">What was sent.</param>
/// <param name="Counted">What the service says.</param>
internal sealed record Difference(VideoId Video, EventType Type, DateTimeOffset? Minute, LoadCell Expected, LoadCell Counted)
{
    public long Missing => Math.Max(0, Expected.Count - Counted.Count);

    public long Extra => Math.Max(0, Counted.Count - Expected.Count);

    public override string ToString() => $"{Video} {Type} {(Minute is { } minute ? $"{minute:u}" : "since ever")}: sent {Expected}; counted {Counted}";
}

/// <summary>What the service has counted, beside what was sent.</summary>
/// <param name="Counted">All events of all videos.</param>
/// <param name="Differences">Every minute that is not as it should be.</param>
/// <param name="Unanswered">How many questions the service has not answered, of those that were left to be asked; their videos were not checked.</param>
internal sealed record Verdict(long Counted, IReadOnlyList<Difference> Differences, int Unanswered)
{
    public long Missing => Differences.Sum(difference => difference.Missing);

    public long Extra => Differences.Sum(difference => difference.Extra);

    public bool IsExact => Differences.Count is 0 && Unanswered is 0;
}

/// <summary>Asks for every minute of every video, until all are as they should be, or nothing has moved for too long.</summary>
/// <remarks>When all are as they should be, it waits for more than a checkpoint and asks all of them once more: what comes too often may come late.</remarks>
internal sealed class LoadCheck(IReadOnlyList<CounterClient> clients, TimeProvider time)
{
    /// <summary>How long nothing may move before it is the verdict.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OnceMoreAfter = TimeSpan.FromSeconds(15);

    private const int AtOnce = 8;
    private uint _turn;

    public async Task<Verdict> Judge(LoadPlan plan, LoadSums expected, CancellationToken cancellationToken)
    {
        var all = plan.Videos.SelectMany(video => LoadPlan.Types.Select(type => (Video: video, Type: type))).ToList();
        var answers = new ConcurrentDictionary<(VideoId, EventType), Answer>();
        var (open, onceMore) = (all, false);
        var (last, moved) = (new Verdict(0, [], 0), time.GetTimestamp());
        while (true)
        {
            await Parallel.ForEachAsync(open, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (one, token) =>
                answers[one] = await Ask(plan, one.Video, one.Type, expected.Of(one.Video, one.Type), token));

            var now = new Verdict(
                answers.Values.Sum(answer => answer.Counted), [.. answers.Values.SelectMany(answer => answer.Differences).Order(Place)],
                answers.Values.Count(answer => !answer.IsThere));
            if (now.IsExact && onceMore) return now;
            if (now.IsExact)
            {
                (open, onceMore) = (all, true);
                await Task.Delay(OnceMoreAfter, time, cancellationToken);
                moved = time.GetTimestamp();
                continue;
            }

            if (now.Counted != last.Counted || now.Unanswered != last.Unanswered || !now.Differences.SequenceEqual(last.Differences)) moved = time.GetTimestamp();
            else if (time.GetElapsedTime(moved) >= Patience) return now;
            last = now;
            onceMore = false;
            open = [.. all.Where(one => answers[one] is { IsThere: false } or { Differences.Count: > 0 })];
            await Task.Delay(AskEvery, time, cancellationToken);
        }
    }

    private static readonly Comparer<Difference> Place = Comparer<Difference>.Create((one, other) =>
        (one.Video.Value, one.Type.Value, one.Minute ?? default).CompareTo((other.Video.Value, other.Type.Value, other.Minute ?? default)));

    private async Task<Answer> Ask(
        LoadPlan plan, VideoId video, EventType type, IReadOnlyDictionary<DateTimeOffset, LoadCell> expected, CancellationToken cancellationToken)
    {
        try
        {
            var client = clients[(int)(Interlocked.Increment(ref _turn) % (uint)clients.Count)];
            var series = await client.SeriesAsync(video, type, plan.From, plan.To, Granularity.Minute, cancellationToken);
            var counted = await client.CountAsync(video, type, cancellationToken: cancellationToken);
            var minutes = series.Points.ToDictionary(point => point.Start, point => new LoadCell(point.Count, point.Sum, point.Min, point.Max));
            Difference[] differences =
            [
                .. expected.Keys.Union(minutes.Keys)
                    .Select(minute => new Difference(video, type, minute, expected.GetValueOrDefault(minute), minutes.GetValueOrDefault(minute)))
                    .Where(difference => difference.Expected != difference.Counted),
            ];
            var sent = expected.Values.Sum(cell => cell.Count);
            if (differences.Length is 0 && counted != sent) differences = [new(video, type, null, new() { Count = sent }, new() { Count = counted })];
            return new(true, counted, differences);
        }
        catch (CounterException failure) when (failure.IsTransient || (int?)failure.Status >= 500)
        {
            return new(false, 0, []);
        }
    }

    private sealed record Answer(bool IsThere, long Counted, IReadOnlyList<Difference> Differences);
}
