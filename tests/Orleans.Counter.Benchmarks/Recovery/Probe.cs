using System.Diagnostics;
using Orleans.Counter.Benchmarks.Load;

namespace Orleans.Counter.Benchmarks.Recovery;

/// <summary>A video whose count is asked for all the time, and the moments at which it was seen to grow.</summary>
/// <param name="video">In a shard of its own.</param>
/// <param name="before">What it counts when this begins.</param>
internal sealed class Probe(VideoId video, long before)
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);

    // Who looks at a page waits no longer, and looks again; a question to a silo that has died is answered much later, or never.
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(1);

    private readonly List<(long At, long Count)> _seen = [(Stopwatch.GetTimestamp(), before)];
    private long _last;
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public VideoId Video => video;

    /// <summary>The last count that was seen.</summary>
    public long Last => Math.Max(before, Volatile.Read(ref _last));

    /// <summary>Questions that got no answer in a second, or a failure.</summary>
    public int Unanswered { get; private set; }

    /// <summary>Asks until it is told to stop.</summary>
    public async Task Watch(LoadGenerator generator, CancellationToken stop)
    {
        using var ticks = new PeriodicTimer(Every);
        using var over = stop.Register(ticks.Dispose);
        do
        {
            if (await Ask(generator, stop) is not { } count || count <= Last) continue;
            _seen.Add((Stopwatch.GetTimestamp(), count));
            Volatile.Write(ref _last, count);
            Interlocked.Exchange(ref _grown, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }
        while (await ticks.WaitForNextTickAsync(CancellationToken.None)); // False when it is over.
    }

    /// <summary>Returns when so many were seen.</summary>
    public async Task Reaches(long count, CancellationToken cancellationToken)
    {
        while (true)
        {
            var grown = Volatile.Read(ref _grown).Task;
            if (Last >= count) return;
            await grown.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The longest time between two moments at which it was seen to grow, of which the second is after this moment.</summary>
    public TimeSpan Pause(long since) => _seen.Zip(_seen.Skip(1), (one, next) => (one, next))
        .Where(pair => pair.next.At >= since)
        .Select(pair => Stopwatch.GetElapsedTime(pair.one.At, pair.next.At))
        .DefaultIfEmpty(Stopwatch.GetElapsedTime(since)).Max();

    /// <summary>The longest time from a 202 until the event is in the count.</summary>
    /// <param name="accepted">When the first, second, … event was accepted.</param>
    public TimeSpan Delay(IReadOnlyList<long> accepted)
    {
        var (longest, place) = (TimeSpan.Zero, 0);
        for (var i = 0; i < accepted.Count; i++)
        {
            while (_seen[place].Count < before + i + 1) place++;
            var delay = Stopwatch.GetElapsedTime(accepted[i], _seen[place].At);
            if (delay > longest) longest = delay;
        }

        return longest;
    }

    private async Task<long?> Ask(LoadGenerator generator, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(AnswerMax);
        try
        {
            return await generator.Count(video, patience.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            if (!stop.IsCancellationRequested) Unanswered++;
            return null;
        }
    }
}
