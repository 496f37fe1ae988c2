using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Import;

/// <summary>Sends a plan's events, a few requests at a time.</summary>
internal sealed class Importer(CounterClient client, Action<int> answered)
{
    private const int BatchSize = 1_000;
    private const int InFlight = 4;
    private const int ShownMax = 10;

    private readonly List<string> _rejected = [];
    private long _accepted;
    private long _rejectedCount;

    /// <summary>How many events the service has taken.</summary>
    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>How many it has refused.</summary>
    public long Rejected => Interlocked.Read(ref _rejectedCount);

    /// <summary>The first refusals, in words.</summary>
    public IReadOnlyList<string> Rejections
    {
        get { lock (_rejected) return [.. _rejected]; }
    }

    /// <summary>Sends all of them.</summary>
    /// <exception cref="CounterException">The service refused a whole request, or was away for too long.</exception>
    public Task Send(IEnumerable<CounterEvent> events, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        events.Chunk(BatchSize), new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellationToken }, SendBatch);

    private async ValueTask SendBatch(CounterEvent[] batch, CancellationToken cancellationToken)
    {
        var result = await client.SendAsync(batch, cancellationToken);
        Interlocked.Add(ref _accepted, result.Accepted);
        Interlocked.Add(ref _rejectedCount, result.Rejected.Count);
        foreach (var rejection in result.Rejected) Remember(batch[rejection.Index], rejection);
        answered(batch.Length);
    }

    private void Remember(CounterEvent e, Rejection rejection)
    {
        lock (_rejected)
            if (_rejected.Count < ShownMax) _rejected.Add($"{e.Id}: {rejection.Code}, {rejection.Detail}");
    }
}
