namespace Orleans.Counter;

/// <summary>Which log the stored positions belong to. Known once the silo has compared the hub with the storage.</summary>
internal sealed class LogIdentity
{
    private (int Era, int PartitionCount)? _log;

    /// <summary>The era of every position that is given now.</summary>
    public int Era => Known.Era;

    /// <summary>How many partitions the hub has.</summary>
    public int PartitionCount => Known.PartitionCount;

    private (int Era, int PartitionCount) Known => _log ?? throw new InvalidOperationException("The log is not known before the silo has compared the hub with the storage.");

    public void Is(int era, int partitionCount) => _log = (era, partitionCount);
}
