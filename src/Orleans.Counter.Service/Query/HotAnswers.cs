namespace Orleans.Counter.Query;

/// <summary>Answers that many ask for in the same second: they share one, which is never older than that.</summary>
/// <remarks>
/// A question that is asked more than ten times a second is hot. Its answer is given again for ten times as long as it took to find, a second at most: a total from memory for some milliseconds, the sum over a large
/// channel for a second. So no question takes more than a part of the service, and one that is cheap stays fresh. Who shows the token of a write is not given what was found for others; nor is anybody what was found before that.
/// </remarks>
internal sealed class HotAnswers(TimeProvider clock, QueryInstruments instruments)
{
    /// <summary>What is asked no more often than this in a second is answered each time.</summary>
    public const int HotPerSecond = 10;

    private const int TimesAsLong = 10;
    private const int QuestionsMax = 10_000;

    private static readonly TimeSpan AgeMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Second> _seconds = [];
    private readonly Queue<(string Question, Second Second)> _ends = [];

    /// <summary>The answer to a question: found now, or the one that others are waiting for or have just been given.</summary>
    /// <param name="question">All that the answer depends on, but for time.</param>
    /// <param name="find">Finds it. Goes on if a caller leaves whose answer others are waiting for.</param>
    /// <param name="cancellationToken">The caller has gone.</param>
    public Task<T> Get<T>(string question, Func<CancellationToken, Task<T>> find, CancellationToken cancellationToken)
    {
        Shared? shared = null;
        lock (_lock)
        {
            if (SecondOf(question) is { } second && ++second.Asked > HotPerSecond)
            {
                if (second.Shared is { } before && clock.GetElapsedTime(before.Begun) < before.Lasts) instruments.Shared();
                else second.Shared = new(clock.GetTimestamp(), AgeMax); // Until it is known how long it takes.
                shared = second.Shared!;
                shared.Answer ??= Find(shared, find);
            }
        }

        return shared is null ? find(cancellationToken) : ((Task<T>)shared.Answer!).WaitAsync(cancellationToken);
    }

    /// <summary>What was found for a question is given to nobody else.</summary>
    public void Forget(string question)
    {
        lock (_lock)
            if (_seconds.TryGetValue(question, out var second)) second.Shared = null;
    }

    /// <summary>Something has been written here that all answers have to show: what was found before is given to nobody else.</summary>
    public void ForgetAll()
    {
        lock (_lock)
        {
            _seconds.Clear();
            _ends.Clear();
        }
    }

    private async Task<T> Find<T>(Shared shared, Func<CancellationToken, Task<T>> find)
    {
        await Task.Yield(); // Not under the lock.
        var lasts = TimeSpan.Zero; // What failed is given only to those who wait for it already.
        try
        {
            using var patience = new CancellationTokenSource(Patience, clock);
            var answer = await find(patience.Token);
            lasts = TimeSpan.FromTicks(Math.Min(AgeMax.Ticks, clock.GetElapsedTime(shared.Begun).Ticks * TimesAsLong));
            return answer;
        }
        finally
        {
            lock (_lock) shared.Lasts = lasts;
        }
    }

    /// <summary>What is known of a question since it was first asked, a second ago at most; null if there are too many questions.</summary>
    private Second? SecondOf(string question)
    {
        while (_ends.TryPeek(out var oldest) && clock.GetElapsedTime(oldest.Second.Begun) >= AgeMax)
        {
            _ends.Dequeue();
            _seconds.Remove(oldest.Question);
        }

        if (_seconds.TryGetValue(question, out var second) || _seconds.Count >= QuestionsMax) return second;
        _seconds.Add(question, second = new(clock.GetTimestamp()));
        _ends.Enqueue((question, second));
        return second;
    }

    private sealed class Second(long begun)
    {
        public long Begun { get; } = begun;

        public int Asked { get; set; }

        public Shared? Shared { get; set; }
    }

    private sealed class Shared(long begun, TimeSpan lasts)
    {
        public long Begun { get; } = begun;

        public TimeSpan Lasts { get; set; } = lasts;

        public Task? Answer { get; set; }
    }
}
