using System.Diagnostics;
using System.Text;
using Orleans.Counter.Benchmarks.Load;

namespace Orleans.Counter.Benchmarks.Recovery;

/// <summary>Videos of which each gets an event every 50 ms, all in one request, while their counts are watched.</summary>
internal sealed class Probes : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FlowsWithin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SeenWithin = TimeSpan.FromMinutes(2);
    private readonly Lock _lock = new();
    private readonly List<long> _accepted = [];
    private readonly LoadGenerator _generator;
    private readonly Probe[] _probes;
    private readonly long _before;
    private readonly CancellationTokenSource _enoughSent = new();
    private readonly CancellationTokenSource _enoughSeen = new();
    private readonly Task _sending;
    private readonly Task _watching;

    /// <param name="generator">Asks those who stay.</param>
    /// <param name="videos">The same from measure to measure.</param>
    /// <param name="before">What each of them counts now.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Probes(LoadGenerator generator, IEnumerable<VideoId> videos, long before, CancellationToken cancellationToken)
    {
        (_generator, _before) = (generator, before);
        _probes = [.. videos.Select(video => new Probe(video, before))];
        _sending = Send(cancellationToken);
        _watching = Task.WhenAll(_probes.Select(probe => probe.Watch(generator, _enoughSeen.Token)));
    }

    public IReadOnlyList<Probe> All => _probes;

    /// <summary>When each event was accepted.</summary>
    public IReadOnlyList<long> Accepted
    {
        get { lock (_lock) return [.. _accepted.Order()]; }
    }

    /// <summary>True while events are accepted, and every count shows what was accepted a second ago.</summary>
    public bool Flow
    {
        get
        {
            lock (_lock)
            {
                var due = _accepted.FindLastIndex(at => Stopwatch.GetElapsedTime(at) >= FlowsWithin) + 1;
                return due < _accepted.Count && _probes.All(probe => probe.Last >= _before + due);
            }
        }
    }

    /// <summary>Sends no more, and waits until all can be seen.</summary>
    /// <returns>What each video counts now.</returns>
    /// <exception cref="BenchmarkFailedException">A count is too low for a long time.</exception>
    public async Task<long> Finish(CancellationToken cancellationToken)
    {
        await _enoughSent.CancelAsync();
        await _sending;
        await Seen(_accepted.Count, cancellationToken);
        return _before + _accepted.Count;
    }

    /// <summary>Waits until so many events of each video can be seen.</summary>
    /// <exception cref="BenchmarkFailedException">A count is too low for a long time.</exception>
    public async Task Seen(int events, CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_probes.Select(probe => probe.Reaches(_before + events, cancellationToken))).WaitAsync(SeenWithin, cancellationToken);
        }
        catch (TimeoutException)
        {
            var late = _probes.MinBy(probe => probe.Last)!;
            throw new BenchmarkFailedException($"After {SeenWithin}, {late.Video} counts {late.Last} and not {_before + events}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _enoughSent.CancelAsync();
        await _enoughSeen.CancelAsync();
        await _watching;
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Finish has told what it failed by.
        _enoughSent.Dispose();
        _enoughSeen.Dispose();
    }

    private async Task Send(CancellationToken cancellationToken)
    {
        var posts = new List<Task>();
        using var timer = new PeriodicTimer(Every);
        for (var number = _before + 1; !_enoughSent.IsCancellationRequested; number++)
        {
            posts.Add(Post(number, cancellationToken));
            await timer.WaitForNextTickAsync(cancellationToken);
        }

        await Task.WhenAll(posts);
    }

    private async Task Post(long number, CancellationToken cancellationToken)
    {
        var events = string.Join(',', _probes.Select(probe => $$"""{"videoId":"{{probe.Video}}","id":"{{number}}"}"""));
        await _generator.PostOne(Encoding.ASCII.GetBytes($$"""{"events":[{{events}}]}"""), cancellationToken);
        lock (_lock) _accepted.Add(Stopwatch.GetTimestamp());
    }
}
