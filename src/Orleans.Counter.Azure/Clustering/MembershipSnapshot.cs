using System.Globalization;
using Azure.Data.Tables;

namespace Orleans.Counter.Clustering;

/// <summary>All rows of one cluster as one query brought them, and whether they are of one moment.</summary>
internal sealed class MembershipSnapshot
{
    private readonly List<TableEntity> _rows = [];
    private int _pages;

    private MembershipSnapshot()
    {
    }

    public IEnumerable<TableEntity> Silos => _rows.Where(SiloRows.IsSilo);

    public IEnumerable<TableEntity> Rows => _rows;

    /// <summary>The version that stood before all silos, and the one that stood after them.</summary>
    public (string? Before, string? After) Boundaries => (Boundary(_rows.FirstOrDefault(), SiloRows.StartKey), Boundary(_rows.LastOrDefault(), SiloRows.EndKey));

    /// <summary>True if the membership may have changed between two pages. One page is of one moment.</summary>
    /// <remarks>
    /// Every write moves both boundaries, so what stands between two equal ones is whole. A cluster that was written by a provider without boundaries has
    /// none, or has moved past them; such pages are taken as they are, for waiting would not make them better.
    /// </remarks>
    public bool IsTorn
    {
        get
        {
            var (before, after) = Boundaries;
            if (_pages <= 1 || before == after) return false;
            return before is null || after is null || Version is not { } version || Number(version) <= Math.Max(Number(before), Number(after));
        }
    }

    /// <exception cref="InvalidOperationException">The cluster has no version row.</exception>
    public TableVersion TableVersion =>
        VersionRow is { } row && Version is { } version
            ? new(Number(version), row.ETag.ToString())
            : throw new InvalidOperationException("The membership table holds no version row of this cluster: it was not initialized, or its rows were deleted.");

    private TableEntity? VersionRow => _rows.Find(row => row.RowKey == SiloRows.VersionKey);

    private string? Version => VersionRow?.GetString(SiloRows.Version);

    public static async Task<MembershipSnapshot> Read(TableClient table, string cluster, CancellationToken cancellationToken)
    {
        var snapshot = new MembershipSnapshot();
        await foreach (var page in table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {cluster}"), cancellationToken: cancellationToken).AsPages())
        {
            snapshot._pages++;
            snapshot._rows.AddRange(page.Values);
        }

        return snapshot;
    }

    private static string? Boundary(TableEntity? row, string key) => row?.RowKey == key ? row.GetString(SiloRows.Version) : null;

    private static int Number(string version) => int.Parse(version, CultureInfo.InvariantCulture);
}
