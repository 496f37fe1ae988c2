using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using Orleans.Counter.Tests.Azure.River;

namespace Orleans.Counter.Tests.Azure.Cluster;

/// <summary>Events that keep coming, to every silo, until they are told to stop.</summary>
/// <remarks>
/// What a silo does not accept goes to the next one, with the same ids: it may be in the log all the same. Every event is accepted in the end, so that
/// what there is to count is known exactly.
/// </remarks>
internal sealed class Flow : IAsyncDisposable
{
    private const int Videos = 300;
    private const int Minutes = 40;
    private const int Batch = 50;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(20);

    private readonly DateTimeOffset _from = new DateTimeOffset(DateTime.UtcNow.Ticks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero).AddMinutes(-Minutes);
    private readonly ConcurrentQueue<Refusal> _refusals = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _givingUp = new();
    private readonly IReadOnlyList<HttpClient> _silos;
    private readonly string _prefix;
    private readonly Task<int>[] _senders;
    private int _accepted;

    /// <summary>Begins to send.</summary>
    /// <param name="silos">Where; the first one has the number 1.</param>
    /// <param name="prefix">What the names of its videos begin with.</param>
    public Flow(IReadOnlyList<HttpClient> silos, string prefix)
    {
        (_silos, _prefix) = (silos, prefix);
        _senders = [.. Enumerable.Range(0, silos.Count).Select(Send)];
    }

    /// <summary>Every answer but 202, and every answer that did not come.</summary>
    public IReadOnlyCollection<Refusal> Refusals => _refusals;

    /// <summary>Returns when so many more requests were accepted.</summary>
    public async Task Goes(int requests = 20)
    {
        var enough = Volatile.Read(ref _accepted) + requests;
        await Eventually.Answers(_ => Task.FromResult(Volatile.Read(ref _accepted)), accepted => accepted >= enough, TimeSpan.FromMinutes(1));
    }

    /// <summary>Stops, and waits until everything is accepted.</summary>
    /// <returns>What was sent.</returns>
    public async Task<Expected> Stop()
    {
        await _stopping.CancelAsync();
        var batches = await Task.WhenAll(_senders);
        var counts = new Dictionary<(string, string), SortedDictionary<DateTimeOffset, long>>();
        for (var sender = 0; sender < batches.Length; sender++)
            for (var number = 0; number < batches[sender] * Batch; number++)
            {
                var e = Of(sender, number);
                if (!counts.TryGetValue((e.VideoId, e.Type), out var minutes)) counts[(e.VideoId, e.Type)] = minutes = [];
                minutes[e.Timestamp] = minutes.GetValueOrDefault(e.Timestamp) + 1;
            }
        return new(counts, _from, _from.AddMinutes(Minutes));
    }

    /// <summary>Stops, whether everything is accepted or not.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _givingUp.CancelAsync();
        await Task.WhenAll(_senders).ContinueWith(_ => { }, TaskScheduler.Default);
        _stopping.Dispose();
        _givingUp.Dispose();
    }

    // The number of batches that were accepted.
    private async Task<int> Send(int sender)
    {
        await Task.Yield();
        var batch = 0;
        for (; !_stopping.IsCancellationRequested; batch++)
        {
            var events = Enumerable.Range(batch * Batch, Batch).Select(number => Of(sender, number)).ToArray();
            for (var silo = sender + batch; !await Accepts(silo % _silos.Count, events); silo++) await Task.Delay(Every, _givingUp.Token);
            Interlocked.Increment(ref _accepted);
            await Task.Delay(Every, _givingUp.Token);
        }
        return batch;
    }

    private async Task<bool> Accepts(int silo, Event[] events)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(_givingUp.Token);
        late.CancelAfter(AnswerWithin);
        try
        {
            using var answer = await _silos[silo].PostAsJsonAsync("/v1/events", new { events }, late.Token);
            if (answer.StatusCode is HttpStatusCode.Accepted) return true;
            _refusals.Enqueue(new(silo + 1, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(late.Token)}"));
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException && !_givingUp.IsCancellationRequested)
        {
            _refusals.Enqueue(new(silo + 1, failure.Message));
        }
        return false;
    }

    private Event Of(int sender, int number) => new(
        $"{_prefix}{number % Videos}", number / Videos % 3 is 2 ? "like" : "view", $"{sender}-{number}", _from.AddMinutes(number / 7 % Minutes));

    /// <summary>A request that was not answered by 202.</summary>
    /// <param name="Silo">Who was asked, from 1.</param>
    /// <param name="What">What came instead.</param>
    public sealed record Refusal(int Silo, string What);

    private sealed record Event(string VideoId, string Type, string Id, DateTimeOffset Timestamp);
}
