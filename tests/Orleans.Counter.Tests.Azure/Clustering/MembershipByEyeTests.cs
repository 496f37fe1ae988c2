using System.Net;
using Azure.Data.Tables;
using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Clustering;

/// <summary>Whoever opens the table with a tool, or with the official provider, finds the keys and columns that the documentation names.</summary>
public sealed class MembershipByEyeTests(Azurite azurite)
{
    private static readonly DateTime Noon = new(2026, 11, 23, 12, 0, 0, DateTimeKind.Utc);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_silo_is_a_row_of_strings_between_two_boundaries_and_beside_the_version()
    {
        var cluster = await ClusterUnderTest.Start((await azurite.NewAccount()).Tables, "green");
        var silo = Silo();
        silo.AddSuspector(SiloAddress.New(IPAddress.Parse("10.0.0.5"), 11_111, 7), Noon.AddMinutes(2));
        silo.AddSuspector(SiloAddress.New(IPAddress.Parse("10.0.0.6"), 11_112, 8), Noon.AddMinutes(3));

        await cluster.Add(silo);

        var rows = await Rows(cluster);
        Assert.Equal(["!Start", "10.0.0.4-11111-536400000", "VersionRow", "~End"], rows.Select(row => row.RowKey));
        foreach (var boundary in new[] { rows[0], rows[3] }) Equal(boundary, ("DeploymentId", "green"), ("MembershipVersion", "1"), ("Status", "Active"));
        Equal(rows[2], ("DeploymentId", "green"), ("MembershipVersion", "1"));
        Equal(
            rows[1],
            ("Address", "10.0.0.4"),
            ("DeploymentId", "green"),
            ("FaultZone", "2"),
            ("Generation", "536400000"),
            ("HostName", "machine"),
            ("IAmAliveTime", "2026-11-23 12:01:00.000 GMT"),
            ("InstanceName", "silo-4"),
            ("Port", "11111"),
            ("ProxyPort", "30000"),
            ("RoleName", "silo"),
            ("SiloName", "silo-4"),
            ("StartTime", "2026-11-23 12:00:00.000 GMT"),
            ("Status", "Active"),
            ("SuspectingSilos", "10.0.0.5:11111@7|10.0.0.6:11112@8"),
            ("SuspectingTimes", "2026-11-23 12:02:00.000 GMT|2026-11-23 12:03:00.000 GMT"),
            ("UpdateZone", "1"));
    }

    [Fact]
    public async Task A_cluster_that_has_no_silo_yet_has_its_version_and_its_boundaries()
    {
        var cluster = await ClusterUnderTest.Start((await azurite.NewAccount()).Tables, "green");

        Assert.Equal(
            [("!Start", "0"), ("VersionRow", "0"), ("~End", "0")],
            (await Rows(cluster)).Select(row => (row.RowKey, row.GetString("MembershipVersion"))));
    }

    [Fact]
    public async Task A_silo_that_nobody_suspects_and_that_has_no_role_leaves_those_columns_empty_or_out()
    {
        var cluster = await ClusterUnderTest.Start((await azurite.NewAccount()).Tables, "green");
        var silo = Silo();
        silo.RoleName = null;

        await cluster.Add(silo);

        var row = (await Rows(cluster))[1];
        Assert.Equal(("", ""), (row["SuspectingSilos"], row["SuspectingTimes"]));
        Assert.False(row.ContainsKey("RoleName"));
        Assert.Equal(silo.ToFullString(), Assert.Single((await cluster.Read()).Members).Item1.ToFullString());
    }

    [Fact]
    public async Task A_silo_at_an_address_of_version_6_stands_between_the_boundaries_too()
    {
        var cluster = await ClusterUnderTest.Start((await azurite.NewAccount()).Tables, "green");
        var silo = Silo();
        silo.SiloAddress = SiloAddress.New(IPAddress.Parse("fe80::1"), 11_111, 7);

        await cluster.Add(silo);

        Assert.Equal(["!Start", "VersionRow", "fe80::1-11111-7", "~End"], (await Rows(cluster)).Select(row => row.RowKey));
        Assert.Equal(silo.SiloAddress, Assert.Single((await cluster.Read()).Members).Item1.SiloAddress);
    }

    [Fact]
    public async Task A_row_that_is_not_readable_is_left_out_and_the_cluster_goes_on()
    {
        var cluster = await ClusterUnderTest.Start((await azurite.NewAccount()).Tables, "green");
        await cluster.Raw.AddEntityAsync(new TableEntity("green", "notes") { ["Text"] = "who wrote this?" }, Token);
        await cluster.Add(Silo());

        Assert.Single((await cluster.Read()).Members);
        Assert.Single(await cluster.Gateways.GetGatewaysAsync(Token));
    }

    private static MembershipEntry Silo() => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Parse("10.0.0.4"), 11_111, 536_400_000),
        HostName = "machine",
        Status = SiloStatus.Active,
        ProxyPort = 30_000,
        RoleName = "silo",
        SiloName = "silo-4",
        UpdateZone = 1,
        FaultZone = 2,
        StartTime = Noon,
        IAmAliveTime = Noon.AddMinutes(1),
    };

    private static async Task<List<TableEntity>> Rows(ClusterUnderTest cluster)
    {
        var rows = await cluster.Raw.QueryAsync<TableEntity>(cancellationToken: Token).ToListAsync(Token);
        Assert.All(rows, row => Assert.Equal("green", row.PartitionKey));
        return rows;
    }

    private static void Equal(TableEntity row, params (string Column, object Value)[] columns) => Assert.Equal(
        columns,
        row.Where(column => column.Key is not ("odata.etag" or "Timestamp" or "PartitionKey" or "RowKey")).OrderBy(column => column.Key, StringComparer.Ordinal)
            .Select(column => (column.Key, column.Value)));
}
