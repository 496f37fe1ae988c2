using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Import;

/// <summary>Has a service set minutes of history, a few requests at a time, and remembers what it would not set.</summary>
/// <param name="client">The service.</param>
/// <param name="answered">Is told how much of the file was read for the request that was answered last.</param>
internal sealed class HistoryImporter(CounterClient client, Action<long> answered)
{
    /// <summary>The longest lines make no body of more than 1 MiB.</summary>
    private const int BatchSize = 3_500;

    private const int InFlight = 4;
    private const int ShownMax = 10;

    private readonly Lock _lock = new();
    private readonly List<string> _problems = [];

    /// <summary>How many lines were answered.</summary>
    public long Lines { get; private set; }

    public long DaysSet { get; private set; }

    public long DaysUnchanged { get; private set; }

    /// <summary>Lines that break a rule.</summary>
    public long LinesRejected { get; private set; }

    /// <summary>Days that cannot be set. One that was in several requests counts for each.</summary>
    public long DaysRefused { get; private set; }

    /// <summary>The first things that were not set, in words.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Sends all of them.</summary>
    /// <exception cref="CounterException">The service refused a whole request, or was away for too long.</exception>
    public Task Send(IEnumerable<HistoryRow> rows, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        rows.Chunk(BatchSize), new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellationToken }, SendBatch);

    private async ValueTask SendBatch(HistoryRow[] batch, CancellationToken cancellationToken)
    {
        var result = await client.ImportHistoryAsync([.. batch.Select(row => row.Minute)], cancellationToken);
        lock (_lock)
        {
            Lines += batch.Length;
            DaysSet += result.DaysSet;
            DaysUnchanged += result.DaysUnchanged;
            LinesRejected += result.Rejected.Count;
            DaysRefused += result.Refused.Count;
            foreach (var line in result.Rejected) Remember($"line {batch[line.Line - 1].Line}: {line.Code}, {line.Detail}");
            foreach (var day in result.Refused) Remember($"{day.VideoId} {day.Type} {day.Day:yyyy-MM-dd}, {day.Lines} lines: {day.Code}, {day.Detail}");
            answered(batch[^1].Read);
        }
    }

    private void Remember(string problem)
    {
        if (_problems.Count < ShownMax) _problems.Add(problem);
    }
}
