using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Tables;
using Orleans.Storage;

namespace Orleans.Counter.Clustering;

/// <summary>The membership of one cluster: a table partition, in which every change is one transaction that also moves the version.</summary>
/// <remarks>
/// Failures of the storage are the caller's: Orleans tries again, or leaves it to the next period. False means that the table has moved on, or that an earlier
/// attempt whose answer was lost was ours; both times Orleans reads the table before it decides anything, and then finds its own write. So a client that
/// repeats a transaction by itself does no harm.
/// </remarks>
internal sealed class AzureMembershipTable(
    IOptions<AzureStorageClusteringOptions> options, IOptions<ClusterOptions> cluster, TimeProvider clock, ILogger<AzureMembershipTable> logger) : IMembershipTable
{
    private const int ReadsMax = 5;

    private readonly TableClient _table = options.Value.Table();
    private readonly string _cluster = cluster.Value.ClusterId;

    public Task InitializeMembershipTable(bool tryInitTableVersion) => InitializeMembershipTableAsync(tryInitTableVersion, CancellationToken.None);

    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) =>
        _table.Prepare(() => tryInitTableVersion ? AddVersion(cancellationToken) : Task.CompletedTask, clock, logger, cancellationToken);

    public Task<MembershipTableData> ReadAll() => ReadAllAsync(CancellationToken.None);

    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken)
    {
        var snapshot = await ReadWhole(cancellationToken);
        return new(Entries(snapshot).Select(found => Tuple.Create(found.Entry, found.Row.ETag.ToString())).ToList(), snapshot.TableVersion);
    }

    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadRowAsync(key, CancellationToken.None);

    // Of everything, because the row and the version have to be of one moment. Orleans itself asks for single rows hardly ever.
    public async Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken)
    {
        var all = await ReadAllAsync(cancellationToken);
        return all.TryGet(key) is { } found ? new(found, all.Version) : new(all.Version);
    }

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) => InsertRowAsync(entry, tableVersion, CancellationToken.None);

    public Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) =>
        Change(new(TableTransactionActionType.Add, SiloRows.Encode(_cluster, entry)), entry, tableVersion, cancellationToken);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) => UpdateRowAsync(entry, etag, tableVersion, CancellationToken.None);

    // The row has to be there, and the version's ETag is what guards it: whatever changes a row moves the version. The row's own ETag also moves with every
    // heartbeat, and a heartbeat must not refuse an update.
    public Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken) =>
        Change(new(TableTransactionActionType.UpdateReplace, SiloRows.Encode(_cluster, entry), ETag.All), entry, tableVersion, cancellationToken);

    public Task UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, CancellationToken.None);

    public Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken) =>
        _table.UpdateEntityAsync(SiloRows.AliveRow(_cluster, entry), ETag.All, TableUpdateMode.Merge, cancellationToken);

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => CleanupDefunctSiloEntriesAsync(beforeDate, CancellationToken.None);

    public async Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken)
    {
        var snapshot = await MembershipSnapshot.Read(_table, _cluster, cancellationToken);
        var defunct = Entries(snapshot).Where(found => IsDefunct(found.Entry, beforeDate.UtcDateTime)).Select(found => found.Row);
        try
        {
            await _table.Delete(defunct, cancellationToken);
        }
        catch (RequestFailedException contention) when (AzureTables.IsContention(contention))
        {
            logger.CleanupContended(contention.Status);
        }
    }

    public Task DeleteMembershipTableEntries(string clusterId) => DeleteMembershipTableEntriesAsync(clusterId, CancellationToken.None);

    public async Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken)
    {
        var snapshot = await MembershipSnapshot.Read(_table, clusterId, cancellationToken);
        await _table.Delete(snapshot.Rows, cancellationToken);
    }

    // Whatever was the last to be heard of it: its start, its heartbeat, or another silo's suspicion.
    private static bool IsDefunct(MembershipEntry entry, DateTime before) =>
        entry.Status is not SiloStatus.Active && entry.IAmAliveTime < before && entry.StartTime < before && (entry.SuspectTimes ?? []).TrueForAll(suspicion => suspicion.Item2 < before);

    private async Task AddVersion(CancellationToken cancellationToken)
    {
        if ((await _table.GetEntityIfExistsAsync<TableEntity>(_cluster, SiloRows.VersionKey, cancellationToken: cancellationToken)).HasValue) return;
        var version = new TableTransactionAction(TableTransactionActionType.Add, SiloRows.VersionRow(_cluster, 0));
        if (await Submit([version, .. Boundaries(0)], cancellationToken) is null) logger.ClusterCreated(_cluster); // Else another silo was first, and all is well.
    }

    private async Task<MembershipSnapshot> ReadWhole(CancellationToken cancellationToken)
    {
        for (var read = 1; ; read++)
        {
            var snapshot = await MembershipSnapshot.Read(_table, _cluster, cancellationToken);
            if (!snapshot.IsTorn) return snapshot;
            var (before, after) = snapshot.Boundaries;
            logger.MembershipTorn(before, after);
            if (read == ReadsMax)
                throw new InconsistentStateException($"The membership of cluster {_cluster} changed during each of {ReadsMax} reads.", before, after);
        }
    }

    private IEnumerable<(TableEntity Row, MembershipEntry Entry)> Entries(MembershipSnapshot snapshot)
    {
        foreach (var row in snapshot.Silos)
            if (SiloRows.TryDecode(row, _table.Name, logger) is { } entry) yield return (row, entry);
    }

    private IEnumerable<TableTransactionAction> Boundaries(int version) =>
        SiloRows.Boundaries(_cluster, version).Select(row => new TableTransactionAction(TableTransactionActionType.UpsertReplace, row));

    private async Task<bool> Change(TableTransactionAction silo, MembershipEntry entry, TableVersion version, CancellationToken cancellationToken)
    {
        var next = new TableTransactionAction(TableTransactionActionType.UpdateReplace, SiloRows.VersionRow(_cluster, version.Version), new(version.VersionEtag));
        if (await Submit([silo, next, .. Boundaries(version.Version)], cancellationToken) is not { } contention) return true;
        logger.MembershipContended(entry.SiloAddress.ToString(), version.Version, contention.Status);
        return false;
    }

    /// <returns>Null if it was done, else why somebody else's write stands instead.</returns>
    private async Task<RequestFailedException?> Submit(IEnumerable<TableTransactionAction> actions, CancellationToken cancellationToken)
    {
        try
        {
            await _table.SubmitTransactionAsync(actions, cancellationToken);
            return null;
        }
        catch (RequestFailedException contention) when (AzureTables.IsContention(contention))
        {
            return contention;
        }
    }
}
