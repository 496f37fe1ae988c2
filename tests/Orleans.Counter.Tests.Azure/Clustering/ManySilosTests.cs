using System.Globalization;
using Azure.Core;
using Azure.Data.Tables;
using Orleans.Counter.Clustering;
using Orleans.Counter.Tests.Azure.Storage;
using Orleans.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Clustering;

/// <summary>A membership that one page does not hold: a thousand rows are a page.</summary>
public sealed class ManySilosTests(Azurite azurite)
{
    private const int Many = 1_100;
    private readonly BetweenPages _between = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_membership_of_two_pages_is_read_whole()
    {
        var cluster = await Start();

        var read = await cluster.Read();

        Assert.Equal(Many, read.Members.Count);
        Assert.Equal(Many, (await cluster.Gateways.GetGatewaysAsync(Token)).Count);
        Assert.Equal(2, _between.Times);
    }

    [Fact]
    public async Task A_membership_that_changes_between_two_pages_is_read_again()
    {
        var cluster = await Start();
        var newcomer = ClusterUnderTest.NewSilo();
        _between.Happens = time => time is 0 ? Join(cluster, newcomer) : Task.CompletedTask;

        var read = await cluster.Read();

        Assert.Equal(2, _between.Times);
        Assert.Equal((1, Many + 1), (read.Version.Version, read.Members.Count));
        Assert.NotNull(read.TryGet(newcomer.SiloAddress));
        var (entry, etag) = read.TryGet(newcomer.SiloAddress)!;
        Assert.True(await cluster.Table.UpdateRowAsync(entry, etag, read.Version.Next(), Token));
    }

    [Fact]
    public async Task A_membership_that_changes_during_every_read_is_refused_after_five()
    {
        var cluster = await Start();
        _between.Happens = _ => Join(cluster, ClusterUnderTest.NewSilo());

        var refused = await Assert.ThrowsAsync<InconsistentStateException>(cluster.Read);

        Assert.Equal(5, _between.Times);
        Assert.Equal(("4", "5"), (refused.StoredEtag, refused.CurrentEtag));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_of_a_provider_that_moves_no_boundaries_are_taken_as_they_are(bool boundariesAreThere)
    {
        var cluster = await Start(boundariesAreThere);
        _between.Happens = time => cluster.Raw.UpsertEntityAsync(SiloRows.VersionRow(cluster.Id, 10 + time), TableUpdateMode.Replace, Token);

        var read = await cluster.Read();

        Assert.Equal(1, _between.Times);
        Assert.Equal((10, Many), (read.Version.Version, read.Members.Count));
    }

    [Fact]
    public async Task A_membership_with_only_one_boundary_is_not_believed()
    {
        var cluster = await Start();
        await cluster.Raw.DeleteEntityAsync(cluster.Id, SiloRows.EndKey, cancellationToken: Token);

        await Assert.ThrowsAsync<InconsistentStateException>(cluster.Read);
    }

    [Fact]
    public async Task A_heartbeat_between_two_pages_does_not_tear_the_read()
    {
        var cluster = await Start();
        var silo = (await cluster.Read()).Members[^1].Item1;
        _between.Happens = _ => cluster.Table.UpdateIAmAliveAsync(silo, Token);

        var read = await cluster.Read();

        Assert.Equal(2, _between.Times); // one for each of the two reads
        Assert.Equal(0, read.Version.Version);
    }

    [Fact]
    public async Task More_defunct_silos_than_one_transaction_takes_are_cleaned_up()
    {
        var cluster = await Start(status: SiloStatus.Dead);
        await Join(cluster, ClusterUnderTest.NewSilo());

        await cluster.Table.CleanupDefunctSiloEntriesAsync(DateTimeOffset.UtcNow.AddDays(-7), Token);

        Assert.Single((await cluster.Read()).Members);
    }

    [Fact]
    public async Task A_defunct_silo_that_changes_while_others_are_cleaned_up_stays()
    {
        var cluster = await Start(status: SiloStatus.Joining);
        MembershipEntry? back = null;
        _between.Happens = async time =>
        {
            if (time is not 0) return;
            var first = await cluster.Raw.QueryAsync<TableEntity>(row => row.PartitionKey == cluster.Id && row.RowKey.CompareTo("1") > 0, 1, cancellationToken: Token)
                .FirstAsync(Token);
            back = SiloRows.TryDecode(first, "", Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance)!;
            back.Status = SiloStatus.Active;
            Assert.True(await cluster.Table.UpdateRowAsync(back, "*", new TableVersion(0, await VersionETag(cluster)).Next(), Token));
        };

        await cluster.Table.CleanupDefunctSiloEntriesAsync(DateTimeOffset.UtcNow.AddDays(-7), Token);

        Assert.NotNull((await cluster.Read()).TryGet(back!.SiloAddress));
    }

    [Fact]
    public async Task A_cluster_of_two_pages_is_deleted_to_the_last_row()
    {
        var cluster = await Start();

        await cluster.Table.DeleteMembershipTableEntriesAsync(cluster.Id, Token);

        Assert.Empty(await cluster.Raw.QueryAsync<TableEntity>(cancellationToken: Token).ToListAsync(Token));
    }

    // Not by reading the whole table, which would be a query with pages, too.
    private static async Task Join(ClusterUnderTest cluster, MembershipEntry silo)
    {
        var row = await VersionRow(cluster);
        var version = new TableVersion(int.Parse(row.GetString(SiloRows.Version), CultureInfo.InvariantCulture), row.ETag.ToString());
        Assert.True(await cluster.Table.InsertRowAsync(silo, version.Next(), Token));
    }

    private static async Task<TableEntity> VersionRow(ClusterUnderTest cluster) =>
        (await cluster.Raw.GetEntityAsync<TableEntity>(cluster.Id, SiloRows.VersionKey, cancellationToken: Token)).Value;

    private static async Task<string> VersionETag(ClusterUnderTest cluster) => (await VersionRow(cluster)).ETag.ToString();

    /// <summary>A cluster of version 0 with many silos, older than any cleanup would leave them.</summary>
    private async Task<ClusterUnderTest> Start(bool boundaries = true, SiloStatus status = SiloStatus.Active)
    {
        var options = new TableClientOptions();
        options.AddPolicy(_between, HttpPipelinePosition.PerCall);
        var account = new TableServiceClient((await azurite.NewAccount()).ConnectionString, options);
        var cluster = await ClusterUnderTest.Start(account);
        var rows = Enumerable.Range(0, Many).Select(_ => SiloRows.Encode(cluster.Id, ClusterUnderTest.NewSilo(status, age: TimeSpan.FromDays(10))));
        foreach (var batch in rows.Chunk(100))
            await cluster.Raw.SubmitTransactionAsync(batch.Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)), Token);
        if (boundaries) return cluster;
        foreach (var key in new[] { SiloRows.StartKey, SiloRows.EndKey }) await cluster.Raw.DeleteEntityAsync(cluster.Id, key, cancellationToken: Token);
        return cluster;
    }
}
