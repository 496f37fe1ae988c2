using System.Globalization;
using System.Runtime.CompilerServices;
using HdrHistogram;
using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Load;

/// <summary>Sends a plan at its pace, each request until it is answered, and adds up what has to be counted.</summary>
/// <remarks>
/// The pace does not wait for answers, up to a bound of requests under way. A request that failed may have been taken all the same, so it is sent again, with
/// the same ids, to the next silo, until a 202 says that it was: only then is it known how often its events have to be counted.
/// </remarks>
internal sealed class LoadRun(IReadOnlyList<CounterClient> clients, Action<string> say, TimeProvider time)
{
    /// <summary>Of a client: it gives up soon, because the next attempt goes to another silo.</summary>
    public static readonly CounterClientOptions Client = new() { RetriesMax = 2 };

    /// <summary>How long a request is tried. With what a repeat may come later, well inside the ten minutes in which its ids are known for sure.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(10);

    private const int InFlightMax = 64;
    private const int ShownMax = 10;
    private const long MicrosecondsMax = 600_000_000;

    private readonly LongHistogram _answers = new(MicrosecondsMax, 3);
    private readonly List<string> _troubles = [];
    private readonly Lock _lock = new();
    private uint _turn;
    private long _sent;
    private long _accepted;
    private long _failures;

    /// <summary>Every event that was given to the service, once.</summary>
    public LoadSums Expected { get; } = new();

    /// <summary>Sends all of it, and returns when everything is answered, or was tried for too long.</summary>
    /// <exception cref="CounterException">The service refused a request for good: it is not what this load is made for.</exception>
    public async Task<LoadFigures> Send(LoadPlan plan, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var sending = TimeSpan.Zero;
        await Parallel.ForEachAsync(
            Paced(plan, began, () => sending = time.GetElapsedTime(began), cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = InFlightMax, CancellationToken = cancellationToken },
            async (request, token) => await SendOne(request, token));
        return Figures(sending);
    }

    // One at a time, whatever the number of senders: the sums need no lock.
    private async IAsyncEnumerable<LoadRequest> Paced(LoadPlan plan, long began, Action over, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sayAt = SayEvery;
        foreach (var request in plan.Requests(() => time.GetElapsedTime(began) >= plan.Options.Length))
        {
            var early = request.Due - time.GetElapsedTime(began);
            if (early > TimeSpan.Zero) await Task.Delay(early, time, cancellationToken);
            if (time.GetElapsedTime(began) >= sayAt)
            {
                say(string.Create(CultureInfo.InvariantCulture,
                    $"{_sent:N0} events sent, {_accepted:N0} new ones accepted, {_failures:N0} requests sent again to another silo"));
                sayAt = time.GetElapsedTime(began) + SayEvery;
            }

            foreach (var e in request.Events.Take(request.New)) Expected.Add(e);
            yield return request;
        }

        over();
    }

    private async Task SendOne(LoadRequest request, CancellationToken cancellationToken)
    {
        Interlocked.Add(ref _sent, request.Events.Count);
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                var result = await clients[(int)(Interlocked.Increment(ref _turn) % (uint)clients.Count)].SendAsync(request.Events, cancellationToken);
                Answered(request, result, time.GetElapsedTime(began));
                return;
            }
            catch (CounterException failure) when (failure.IsTransient || (int?)failure.Status >= 500)
            {
                Interlocked.Increment(ref _failures);
                if (time.GetElapsedTime(began) > Patience)
                {
                    Trouble($"{request.Events.Count} events were not answered in {Patience.TotalMinutes:0} minutes: {failure.Message}");
                    return;
                }
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private void Answered(LoadRequest request, SendResult result, TimeSpan took)
    {
        Interlocked.Add(ref _accepted, request.New - result.Rejected.Count(rejection => rejection.Index < request.New));
        lock (_lock) _answers.RecordValue(Math.Clamp((long)took.TotalMicroseconds, 0, MicrosecondsMax));
        foreach (var rejection in result.Rejected)
            Trouble($"{request.Events[rejection.Index]} was rejected: {rejection.Code}, {rejection.Detail}");
    }

    private void Trouble(string what)
    {
        lock (_lock)
            if (_troubles.Count < ShownMax) _troubles.Add(what);
    }

    private LoadFigures Figures(TimeSpan sending)
    {
        return new(sending, _sent, Expected.Total, _accepted, _failures, Answered(50), Answered(99), Answered(100), _troubles);

        double Answered(double percentile) => _answers.TotalCount is 0 ? 0 : _answers.GetValueAtPercentile(percentile) / 1_000.0;
    }
}

/// <summary>How sending went.</summary>
/// <param name="Sending">From the first request until the last one was sent, but for what was sent again.</param>
/// <param name="Sent">Events, repeats included.</param>
/// <param name="New">Events that have to be counted.</param>
/// <param name="Accepted">Of these, those that were answered with 202.</param>
/// <param name="Failures">How often a client gave up, and the request went to the next silo.</param>
/// <param name="P50">Milliseconds until a 202, with all that it took to get it.</param>
/// <param name="P99">The same.</param>
/// <param name="Max">The same.</param>
/// <param name="Troubles">The first events that were rejected, or not answered: with any of these, no verdict is exact.</param>
internal sealed record LoadFigures(
    TimeSpan Sending, long Sent, long New, long Accepted, long Failures, double P50, double P99, double Max, IReadOnlyList<string> Troubles);
