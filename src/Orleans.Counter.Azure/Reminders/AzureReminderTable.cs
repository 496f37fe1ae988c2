using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Tables;

namespace Orleans.Counter.Reminders;

/// <summary>The reminders of one service, in a table partition for each grain.</summary>
/// <remarks>Failures of the storage are the caller's: a grain hears that its reminder was not written, and Orleans reads its range again at the next period.</remarks>
internal sealed class AzureReminderTable(
    IOptions<AzureTableReminderStorageOptions> options, IOptions<ClusterOptions> cluster, TimeProvider clock, ILogger<AzureReminderTable> logger) : IReminderTable
{
    private readonly TableClient _table = options.Value.Table();
    private readonly ReminderRows _rows = new(cluster.Value);

    public Task StartAsync(CancellationToken cancellationToken = default) => _table.Prepare(clock, logger, cancellationToken);

    public Task<ReminderTableData> ReadRows(GrainId grainId) => ReadRows(grainId, CancellationToken.None);

    public async Task<ReminderTableData> ReadRows(GrainId grainId, CancellationToken cancellationToken) => new(await Read(_rows.Of(grainId), cancellationToken));

    public Task<ReminderTableData> ReadRows(uint begin, uint end) => ReadRows(begin, end, CancellationToken.None);

    public async Task<ReminderTableData> ReadRows(uint begin, uint end, CancellationToken cancellationToken) => new(await Read(_rows.Range(begin, end), cancellationToken));

    public Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName) => ReadRow(grainId, reminderName, CancellationToken.None);

    public async Task<ReminderEntry?> ReadRow(GrainId grainId, string reminderName, CancellationToken cancellationToken)
    {
        var (partition, row) = _rows.Key(grainId, reminderName);
        var found = await _table.GetEntityIfExistsAsync<TableEntity>(partition, row, cancellationToken: cancellationToken);
        return found is { HasValue: true, Value: { } entity } && _rows.IsOf(entity, grainId, reminderName) ? ReminderRows.Decode(entity) : null;
    }

    public Task<string?> UpsertRow(ReminderEntry entry) => UpsertRow(entry, CancellationToken.None);

    public async Task<string?> UpsertRow(ReminderEntry entry, CancellationToken cancellationToken)
    {
        var written = await _table.UpsertEntityAsync(_rows.Encode(entry), TableUpdateMode.Replace, cancellationToken);
        return written.Headers.ETag.GetValueOrDefault().ToString();
    }

    public Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag) => RemoveRow(grainId, reminderName, eTag, CancellationToken.None);

    // False may also mean that an earlier attempt whose answer was lost removed it. Orleans looks for the row before it tells the grain that it failed.
    public async Task<bool> RemoveRow(GrainId grainId, string reminderName, string eTag, CancellationToken cancellationToken)
    {
        var (partition, row) = _rows.Key(grainId, reminderName);
        try
        {
            var removed = await _table.DeleteEntityAsync(partition, row, new ETag(eTag), cancellationToken);
            if (removed.Status is not 404) return true; // The client does not throw when the row is gone.
            logger.ReminderNotRemoved(reminderName, grainId.ToString(), removed.Status);
        }
        catch (RequestFailedException contention) when (AzureTables.IsContention(contention))
        {
            logger.ReminderNotRemoved(reminderName, grainId.ToString(), contention.Status);
        }

        return false;
    }

    public Task TestOnlyClearTable() => TestOnlyClearTable(CancellationToken.None);

    public async Task TestOnlyClearTable(CancellationToken cancellationToken)
    {
        var rows = await _table.QueryAsync<TableEntity>(_rows.AllOfCluster, cancellationToken: cancellationToken).ToListAsync(cancellationToken);
        foreach (var partition in rows.GroupBy(row => row.PartitionKey)) await _table.Delete(partition, cancellationToken);
    }

    private async Task<List<ReminderEntry>> Read(string filter, CancellationToken cancellationToken)
    {
        var found = new List<ReminderEntry>();
        await foreach (var row in _table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
            if (TryDecode(row) is { } reminder) found.Add(reminder);
        return found;
    }

    // The other reminders of the range ring all the same.
    private ReminderEntry? TryDecode(TableEntity row)
    {
        try
        {
            return ReminderRows.Decode(row);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            logger.RowUnreadable(exception, _table.Name, row.PartitionKey, row.RowKey);
            return null;
        }
    }
}
