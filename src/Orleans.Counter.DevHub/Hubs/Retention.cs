namespace Orleans.Counter.Dev.Hubs;

/// <summary>Removes the oldest log files of hubs: those that hold nothing younger than an age, and those beyond a size.</summary>
/// <param name="hubs">Each has the same bounds.</param>
/// <param name="ageMax">Null keeps events of any age.</param>
/// <param name="hubBytesMax">What all partitions of a hub may take together; null for no bound.</param>
/// <param name="time">What ages are measured with.</param>
/// <param name="report">Is told of files that cannot be removed.</param>
internal sealed class Retention(IReadOnlyCollection<Hub> hubs, TimeSpan? ageMax, long? hubBytesMax, TimeProvider time, Action<string> report)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private readonly Alarm _alarm = new(time);

    /// <summary>Removes at once, then each minute and whenever a file was closed.</summary>
    /// <exception cref="OperationCanceledException"/>
    public async Task Run(CancellationToken cancellationToken)
    {
        foreach (var log in hubs.SelectMany(hub => hub.Partitions))
            log.Closed += _alarm.Wake;
        while (true)
        {
            try
            {
                foreach (var hub in hubs)
                    Remove(hub);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                report($"Events that are too old could not be removed, and will be tried again: {e.Message}");
            }

            await _alarm.Sleep(LookEvery, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes from one hub what is too old, then what is too much, the oldest of all partitions first.</summary>
    public void Remove(Hub hub)
    {
        var cutoff = ageMax is { } age ? (time.GetUtcNow() - age).ToUnixTimeMilliseconds() : long.MinValue;
        while (true)
        {
            var (log, until) = hub.Partitions.Select(partition => (partition, partition.OldestFileUntil)).MinBy(one => one.OldestFileUntil ?? long.MaxValue);
            if (until is null || (until > cutoff && !(hub.Partitions.Sum(partition => partition.StoredBytes) > hubBytesMax)))
                return;
            log.RemoveOldestFile();
        }
    }
}
