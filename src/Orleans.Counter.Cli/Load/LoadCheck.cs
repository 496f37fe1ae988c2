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
internal sealed class LoadCheck(IReadOnlyList<CounterClient> clients, TimeProvider time)
{
    /// <summary>How long nothing may move before it is the verdict, as long as something is missing.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OnceMoreAfter = TimeSpan.FromSeconds(15);

    private const int AtOnce = 8;
    private uint _turn;

    /// <summary>When all are as they should be, waits for more than a checkpoint and asks all of them once more: what comes too often may come late.</summary>
    public async Task<Verdict> Judge(LoadPlan plan, LoadSums expected, CancellationToken cancellationToken)
    {
        while (true)
        {
            var first = await CaughtUp(plan, expected, cancellationToken);
            if (!first.IsExact) return first;
            await Task.Delay(OnceMoreAfter, time, cancellationToken);
            var again = await Ask(plan, expected, [], Everything(plan), cancellationToken);
            if (again.Verdict.IsExact) return again.Verdict;
        }
    }

    /// <summary>Returns as soon as all are as they should be.</summary>
    public async Task<Verdict> CaughtUp(LoadPlan plan, LoadSums expected, CancellationToken cancellationToken)
    {
        var (answers, open) = (new ConcurrentDictionary<(VideoId, EventType), Answer>(), Everything(plan));
        var (last, moved) = (new Verdict(0, [], 0), time.GetTimestamp());
        while (true)
        {
            var (now, wrong) = await Ask(plan, expected, answers, open, cancellationToken);
            if (now.IsExact) return now;
            var isSame = now.Counted == last.Counted && now.Unanswered == last.Unanswered && now.Differences.SequenceEqual(last.Differences);
            if (!isSame) moved = time.GetTimestamp();
            else if (time.GetElapsedTime(moved) >= (now.Missing is 0 && now.Unanswered is 0 ? OnceMoreAfter : Patience)) return now; // What was counted too often does not go away.
            (last, open) = (now, wrong);
            await Task.Delay(AskEvery, time, cancellationToken);
        }
    }

    private static List<(VideoId Video, EventType Type)> Everything(LoadPlan plan) =>
        [.. plan.Videos.SelectMany(video => LoadPlan.Types.Select(type => (video, type)))];

    // Asks what is open, and judges by all answers so far.
    private async Task<(Verdict Verdict, List<(VideoId Video, EventType Type)> Wrong)> Ask(
        LoadPlan plan, LoadSums expected, ConcurrentDictionary<(VideoId Video, EventType Type), Answer> answers, List<(VideoId Video, EventType Type)> open,
        CancellationToken cancellationToken)
    {
        await Parallel.ForEachAsync(open, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (one, token) =>
            answers[one] = await Ask(plan, one.Video, one.Type, expected.Of(one.Video, one.Type), token));
        var differences = answers.Values.SelectMany(answer => answer.Differences).Order(Place);
        return (
            new(answers.Values.Sum(answer => answer.Counted), [.. differences], answers.Values.Count(answer => !answer.IsThere)),
            [.. answers.Where(answer => answer.Value is { IsThere: false } or { Differences.Count: > 0 }).Select(answer => answer.Key)]);
    }

    private static readonly Comparer<Difference> Place = Comparer<Difference>.Create((one, other) =>
        (one.Video.Value, one.Type.Value, one.Minute ?? default).CompareTo((other.Video.Value, other.Type.Value, other.Minute ?? default)));

    private async Task<Answer> Ask(
        LoadPlan plan, VideoId video, EventType type, IReadOnlyDictionary<DateTimeOffset, LoadCell> expected, CancellationToken cancellationToken)
    {
        try
        {
            var client = clients[(int)(Interlocked.Increment(ref _turn) % (uint)clients.Count)];
            var series = await client.SeriesAsync(video, type, plan.From, plan.To, Granularity.Minute, cancellationToken: cancellationToken);
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
