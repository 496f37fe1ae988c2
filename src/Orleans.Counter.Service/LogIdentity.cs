namespace Orleans.Counter;

/// <summary>Which log the stored positions belong to. Known once the silo has compared the hub with the storage.</summary>
internal sealed class LogIdentity
{
    private (int Era, int PartitionCount, DateTimeOffset HubCreatedAt)? _log;

    /// <summary>The era of every position that is given now.</summary>
    public int Era => Known.Era;

    /// <summary>How many partitions the hub has.</summary>
    public int PartitionCount => Known.PartitionCount;

    /// <summary>When the hub was created: tells one log from another, also where the storage's own memory of it was emptied.</summary>
    public DateTimeOffset HubCreatedAt => Known.HubCreatedAt;

    private (int Era, int PartitionCount, DateTimeOffset HubCreatedAt) Known => _log ?? throw new InvalidOperationException("The log is not known before the silo has compared the hub with the storage.");

    public void Is(int era, int partitionCount, DateTimeOffset hubCreatedAt) => _log = (era, partitionCount, hubCreatedAt);
}
