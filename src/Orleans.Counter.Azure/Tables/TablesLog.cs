using Microsoft.Extensions.Logging;

namespace Orleans.Counter.Tables;

/// <summary>Every line about the membership and reminder tables.</summary>
internal static partial class TablesLog
{
    [LoggerMessage(1, LogLevel.Warning, "Table {Table} cannot be made or found, the storage is away ({Reason}). Tries again.")]
    public static partial void StorageAway(this ILogger logger, string table, string reason);

    [LoggerMessage(2, LogLevel.Error, "Row {RowKey} of partition {PartitionKey} in table {Table} is not readable, and is left out.")]
    public static partial void RowUnreadable(this ILogger logger, Exception exception, string table, string partitionKey, string rowKey);

    [LoggerMessage(10, LogLevel.Information, "Cluster {Cluster} is new: its version row was written.")]
    public static partial void ClusterCreated(this ILogger logger, string cluster);

    [LoggerMessage(11, LogLevel.Information, "A write about silo {Silo} at version {Version} came second ({Status}); it will be decided again.")]
    public static partial void MembershipContended(this ILogger logger, string silo, int version, int status);

    [LoggerMessage(12, LogLevel.Information, "The membership changed from version {Before} to {After} while its pages were read; reads again.")]
    public static partial void MembershipTorn(this ILogger logger, string? before, string? after);

    [LoggerMessage(13, LogLevel.Debug, "Defunct silos changed or were deleted by another silo ({Status}); the next cleanup looks again.")]
    public static partial void CleanupContended(this ILogger logger, int status);

    [LoggerMessage(20, LogLevel.Debug, "Reminder {Reminder} of {Grain} was not removed ({Status}): it is gone, or not the one that was read.")]
    public static partial void ReminderNotRemoved(this ILogger logger, string reminder, string grain, int status);
}
