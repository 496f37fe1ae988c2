using System.Collections.Concurrent;
using Orleans.Counter.Dev.Log;

namespace Orleans.Counter.Dev.Hubs;

/// <summary>What a hub may be told anew at every start.</summary>
internal sealed record HubStyle(ConsumerGroups Groups, bool GeoOffsets);

/// <summary>One event hub: its partitions, and who reads them.</summary>
internal sealed class Hub(string name, DateTimeOffset createdAt, IReadOnlyList<PartitionLog> partitions, HubStyle style) : IDisposable
{
    private readonly ConcurrentDictionary<(string Group, int Partition), ReaderSet> _readers = new();
    private int _next = -1;

    public string Name { get; } = name;

    public DateTimeOffset CreatedAt { get; } = createdAt;

    public IReadOnlyList<PartitionLog> Partitions { get; } = partitions;

    public ConsumerGroups Groups { get; } = style.Groups;

    /// <summary>Offsets are texts that are no numbers.</summary>
    public bool GeoOffsets { get; } = style.GeoOffsets;

    /// <summary>The partition of events without a key: each in turn.</summary>
    public int NextPartition() => (int)(unchecked((uint)Interlocked.Increment(ref _next)) % (uint)Partitions.Count);

    /// <summary>Who reads a partition in a group; "$Default" and "$default" are the same.</summary>
    public ReaderSet Readers(string group, int partition) => _readers.GetOrAdd((group.ToUpperInvariant(), partition), _ => new ReaderSet());

    /// <summary>Opens a hub's partitions at the same time: each has to read all that it holds.</summary>
    public static Hub Open(HubCatalog catalog, string name, int partitionCount, HubStyle style, LogSettings settings)
    {
        var createdAt = catalog.Declare(name, partitionCount, settings.Time);
        var logs = new PartitionLog[partitionCount];
        try
        {
            Parallel.For(0, partitionCount, i =>
                logs[i] = PartitionLog.Open(Path.Combine(catalog.FolderOf(name), i.ToString(System.Globalization.CultureInfo.InvariantCulture)), settings));
        }
        catch (AggregateException e)
        {
            foreach (var log in logs)
                log?.Dispose();
            throw e.InnerExceptions[0];
        }

        return new Hub(name, createdAt, logs, style);
    }

    public void Dispose()
    {
        foreach (var partition in Partitions)
            partition.Dispose();
    }
}
