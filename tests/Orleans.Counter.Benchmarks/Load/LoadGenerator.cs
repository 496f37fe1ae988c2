using System.Diagnostics;
using System.Net.Http.Headers;
using HdrHistogram;
using Polly;
using Polly.Retry;

namespace Orleans.Counter.Benchmarks.Load;

/// <summary>Posts bodies that are encoded already, each connection one after the other; every request goes to the next silo.</summary>
internal sealed class LoadGenerator : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ShortestTick = TimeSpan.FromMilliseconds(1);
    private readonly ResiliencePipeline<TimeSpan?> _untilAccepted;
    private readonly HttpClient _http;
    private readonly IReadOnlyList<Uri> _urls;
    private readonly int _connections;
    private int _refusals;
    private uint _turn;

    public LoadGenerator(IReadOnlyList<Uri> urls, int connections)
    {
        _urls = urls;
        _connections = connections;
        _untilAccepted = new ResiliencePipelineBuilder<TimeSpan?>().AddRetry(new RetryStrategyOptions<TimeSpan?>
        {
            ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Result is not null),
            MaxRetryAttempts = int.MaxValue,
            DelayGenerator = attempt => ValueTask.FromResult(attempt.Outcome.Result),
            OnRetry = _ =>
            {
                Interlocked.Increment(ref _refusals);
                return ValueTask.CompletedTask;
            },
        }).Build();
        _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null }) { Timeout = TimeSpan.FromMinutes(1) };
    }

    /// <summary>True: what got no answer is sent again, too, as a client does whose events have ids.</summary>
    public bool Insists { get; init; }

    /// <summary>How often something was sent again until now: after a 503, or without an answer.</summary>
    public int Refusals => _refusals;

    /// <summary>Posts everything, and gives the microseconds that the answers took.</summary>
    /// <exception cref="BenchmarkFailedException">An event was not accepted.</exception>
    public async Task<HistogramBase> Post(IReadOnlyList<byte[]> bodies, CancellationToken cancellationToken)
    {
        var next = -1;
        var histograms = await Task.WhenAll(Enumerable.Range(0, _connections).Select(_ => Task.Run(
            async () =>
            {
                var histogram = Latencies.New();
                for (int place; (place = Interlocked.Increment(ref next)) < bodies.Count;)
                {
                    var began = Stopwatch.GetTimestamp();
                    await PostOne(bodies[place], cancellationToken);
                    histogram.Record(began);
                }

                return histogram;
            },
            cancellationToken)));
        return histograms.Aggregate(Latencies.New(), (sum, histogram) =>
        {
            sum.Add(histogram);
            return sum;
        });
    }

    /// <summary>Posts bodies at a pace, whether answers come or not, until it is told to stop.</summary>
    public async Task PostPaced(IEnumerable<byte[]> bodies, TimeSpan every, CancellationToken stop, CancellationToken cancellationToken)
    {
        var posts = new List<Task>();
        using var ticks = new PeriodicTimer(every > ShortestTick ? every : ShortestTick);
        var began = Stopwatch.GetTimestamp();
        foreach (var body in bodies)
        {
            if (stop.IsCancellationRequested) break;
            posts.Add(PostOne(body, cancellationToken));
            while (every * posts.Count > Stopwatch.GetElapsedTime(began)) await ticks.WaitForNextTickAsync(cancellationToken); // Who is late has the next one sent at once.
        }

        await Task.WhenAll(posts);
    }

    /// <summary>Posts a body until it is accepted: a 503 says when it may be sent again.</summary>
    public async Task PostOne(byte[] body, CancellationToken cancellationToken) => await _untilAccepted.ExecuteAsync(async token => await TryPost(body, token), cancellationToken);

    /// <summary>Posts a body once.</summary>
    /// <returns>Null if it was accepted, else when to try again.</returns>
    private async Task<TimeSpan?> TryPost(byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            return await Answer(body, cancellationToken);
        }
        catch (Exception failure) when (Insists && (failure is HttpRequestException || (failure is TaskCanceledException && !cancellationToken.IsCancellationRequested)))
        {
            return AgainAfter;
        }
    }

    private async Task<TimeSpan?> Answer(byte[] body, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = Json } };
        using var answer = await _http.PostAsync(new Uri(Next(), "/v1/events"), content, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        if ((int)answer.StatusCode == 202 && text.EndsWith("\"rejected\":[]}", StringComparison.Ordinal)) return null;
        if ((int)answer.StatusCode != 503) throw new BenchmarkFailedException($"The service did not accept everything: {(int)answer.StatusCode} {text[..Math.Min(text.Length, 500)]}");
        return answer.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1);
    }

    /// <summary>What the service answers for a video.</summary>
    public async Task<long> Count(VideoId video, CancellationToken cancellationToken)
    {
        var text = await _http.GetStringAsync(new Uri(Next(), $"/v1/videos/{video}/count"), cancellationToken);
        return long.Parse(text.AsSpan(text.LastIndexOf(':') + 1).TrimEnd('}'), System.Globalization.CultureInfo.InvariantCulture);
    }

    public void Dispose() => _http.Dispose();

    private Uri Next() => _urls[(int)(Interlocked.Increment(ref _turn) % (uint)_urls.Count)];
}
