using Orleans.Counter.Storage;

namespace Orleans.Counter;

/// <summary>Which log the stored positions belong to. Known once the silo has compared the hub with the storage.</summary>
internal sealed class LogIdentity
{
    private LogRow? _log;

    /// <summary>The era of every position that is given now.</summary>
    public int Era => Row.Era;

    /// <summary>How many partitions the hub has.</summary>
    public int PartitionCount => Row.PartitionCount;

    /// <summary>When the hub was created: tells one log from another, also where the storage's own memory of it was emptied.</summary>
    public DateTimeOffset HubCreatedAt => Row.CreatedAt;

    /// <summary>Where the era begins in the partition of a shard: everything up to here belongs to an era before.</summary>
    public Position StartOf(Shard shard) => Position.Of(Era, Row.Starts[shard.Partition(PartitionCount)]);

    /// <summary>The log as the storage knows it.</summary>
    public LogRow Row => _log ?? throw new InvalidOperationException("The log is not known before the silo has compared the hub with the storage.");

    public void Is(LogRow log) => _log = log;
}
