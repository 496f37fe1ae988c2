using Orleans.Counter.Storage;

namespace Orleans.Counter;

/// <summary>Which log the stored positions belong to. Known once the silo has compared the hub with the storage.</summary>
internal sealed class LogIdentity
{
    private LogRow? _log;

    /// <summary>The era of every position that is given now.</summary>
    public int Era => Known.Era;

    /// <summary>How many partitions the hub has.</summary>
    public int PartitionCount => Known.PartitionCount;

    /// <summary>When the hub was created: tells one log from another, also where the storage's own memory of it was emptied.</summary>
    public DateTimeOffset HubCreatedAt => Known.CreatedAt;

    /// <summary>Where the era begins in the partition of a shard: everything up to here belongs to an era before.</summary>
    public Position StartOf(Shard shard) => Position.Of(Era, Known.Starts[shard.Partition(PartitionCount)]);

    private LogRow Known => _log ?? throw new InvalidOperationException("The log is not known before the silo has compared the hub with the storage.");

    public void Is(LogRow log) => _log = log;
}
