using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Clustering;

/// <summary>What Orleans asks of a membership table, in the order in which a cluster comes to need it.</summary>
public sealed class MembershipTableTests(Azurite azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_empty_table_has_no_members_and_version_0()
    {
        var cluster = await Start();

        var read = await cluster.Read();

        Assert.Empty(read.Members);
        Assert.Equal(0, read.Version.Version);
        Assert.NotNull(read.Version.VersionEtag);
    }

    [Fact]
    public async Task A_table_that_is_initialized_again_keeps_what_it_holds()
    {
        var cluster = await Start();
        await cluster.Add(ClusterUnderTest.NewSilo());
        var before = await cluster.Read();

        await cluster.Table.InitializeMembershipTableAsync(true, Token);

        Assert.Equal(before.Version, (await cluster.Read()).Version);
    }

    [Fact]
    public async Task Silos_that_start_at_once_all_initialize()
    {
        var account = (await azurite.NewAccount()).Tables;
        var id = ClusterUnderTest.NewId();

        var clusters = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => ClusterUnderTest.Start(account, id)));

        foreach (var cluster in clusters) Assert.Equal(0, (await cluster.Read()).Version.Version);
    }

    [Fact]
    public async Task A_row_that_is_inserted_moves_the_version_and_is_read_alone_as_with_all()
    {
        var cluster = await Start();
        var before = (await cluster.Read()).Version;
        var silo = ClusterUnderTest.NewSilo();

        Assert.True(await cluster.Table.InsertRowAsync(silo, before.Next(), Token));

        MembershipTableData all = await cluster.Read(), row = await cluster.Table.ReadRowAsync(silo.SiloAddress, Token);
        Assert.Equal(1, all.Version.Version);
        Assert.NotEqual(before.VersionEtag, all.Version.VersionEtag);
        Assert.Equal(all.Version, row.Version);
        Assert.Equal(Text(Assert.Single(all.Members)), Text(Assert.Single(row.Members)));
        Assert.Equal(silo.ToFullString(), row.Members[0].Item1.ToFullString());
        Assert.NotNull(row.Members[0].Item2);
    }

    [Fact]
    public async Task A_silo_that_nobody_has_inserted_is_read_as_no_member()
    {
        var cluster = await Start();
        await cluster.Add(ClusterUnderTest.NewSilo());

        var read = await cluster.Table.ReadRowAsync(ClusterUnderTest.NewSilo().SiloAddress, Token);

        Assert.Empty(read.Members);
        Assert.Equal(1, read.Version.Version);
    }

    [Fact]
    public async Task A_row_with_a_stale_version_is_refused_and_so_is_one_that_is_there_already()
    {
        var cluster = await Start();
        var stale = (await cluster.Read()).Version.Next();
        var silo = ClusterUnderTest.NewSilo();
        Assert.True(await cluster.Table.InsertRowAsync(silo, stale, Token));
        var before = await cluster.Read();

        Assert.False(await cluster.Table.InsertRowAsync(silo, stale, Token));
        Assert.False(await cluster.Table.InsertRowAsync(ClusterUnderTest.NewSilo(), stale, Token));
        Assert.False(await cluster.Table.InsertRowAsync(silo, before.Version.Next(), Token));

        var after = await cluster.Read();
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(Text(Assert.Single(before.Members)), Text(Assert.Single(after.Members)));
    }

    [Fact]
    public async Task An_update_needs_the_version_that_stands_and_a_refused_one_moves_nothing()
    {
        var cluster = await Start();
        var suspecting = ClusterUnderTest.NewSilo().SiloAddress;
        for (var silos = 1; silos <= 9; silos++)
        {
            var used = (await cluster.Read()).Version.Next();
            var silo = ClusterUnderTest.NewSilo();
            Assert.True(await cluster.Table.InsertRowAsync(silo, used, Token));
            var (inserted, etag) = await Row(cluster, silo);
            var before = await cluster.Read();
            inserted.Status = SiloStatus.Active;
            inserted.AddSuspector(suspecting, silo.StartTime.AddSeconds(silos));
            inserted.AddSuspector(silo.SiloAddress, silo.StartTime.AddSeconds(silos + 1));

            Assert.False(await cluster.Table.UpdateRowAsync(inserted, etag, used, Token));
            Assert.Equal((before.Version, etag), ((await cluster.Read()).Version, (await Row(cluster, silo)).ETag));
            Assert.True(await cluster.Table.UpdateRowAsync(inserted, etag, before.Version.Next(), Token));
            var (updated, newEtag) = await Row(cluster, silo);
            var after = await cluster.Read();
            Assert.False(await cluster.Table.UpdateRowAsync(inserted, etag, before.Version.Next(), Token));
            Assert.False(await cluster.Table.UpdateRowAsync(inserted, newEtag, before.Version.Next(), Token));

            Assert.Equal((after.Version, newEtag), ((await cluster.Read()).Version, (await Row(cluster, silo)).ETag));
            Assert.Equal(silos, after.Members.Count);
            Assert.NotEqual(etag, newEtag);
            Assert.Equal(inserted.ToFullString(), updated.ToFullString());
            Assert.Equal(inserted.SuspectTimes, updated.SuspectTimes);
        }
    }

    [Fact]
    public async Task A_silo_that_was_never_inserted_cannot_be_updated()
    {
        var cluster = await Start();

        Assert.False(await cluster.Table.UpdateRowAsync(ClusterUnderTest.NewSilo(), "*", (await cluster.Read()).Version.Next(), Token));

        Assert.Equal(0, (await cluster.Read()).Version.Version);
    }

    [Fact]
    public async Task Of_twenty_silos_that_insert_one_row_exactly_one_does()
    {
        var cluster = await Start();
        var version = (await cluster.Read()).Version.Next();
        var silo = ClusterUnderTest.NewSilo();

        var inserted = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => cluster.Table.InsertRowAsync(silo, version, Token)));

        Assert.Equal(1, inserted.Count(yes => yes));
        Assert.Single((await cluster.Read()).Members);
    }

    [Fact]
    public async Task Nineteen_silos_that_update_one_row_all_have_their_turn()
    {
        var cluster = await Start();
        var silo = await cluster.Add(ClusterUnderTest.NewSilo());

        await Task.WhenAll(Enumerable.Range(0, 19).Select(async _ =>
        {
            bool done;
            do
            {
                var read = await cluster.Read();
                var (entry, etag) = read.TryGet(silo.SiloAddress)!;
                done = await cluster.Table.UpdateRowAsync(entry, etag, read.Version.Next(), Token);
            }
            while (!done);
        }));

        var after = await cluster.Read();
        Assert.Single(after.Members);
        Assert.Equal(20, after.Version.Version);
    }

    [Fact]
    public async Task A_heartbeat_changes_its_time_and_nothing_else()
    {
        var cluster = await Start();
        var silo = await cluster.Add(ClusterUnderTest.NewSilo(SiloStatus.Active));
        var before = (await cluster.Read()).Version;
        var later = silo.IAmAliveTime.AddMinutes(1);

        await cluster.Table.UpdateIAmAliveAsync(new() { SiloAddress = silo.SiloAddress, IAmAliveTime = later }, Token);

        silo.IAmAliveTime = later;
        Assert.Equal(silo.ToFullString(), (await Row(cluster, silo)).Entry.ToFullString());
        Assert.Equal(before, (await cluster.Read()).Version);
    }

    [Fact]
    public async Task A_heartbeat_between_a_read_and_an_update_does_not_refuse_the_update()
    {
        var cluster = await Start();
        var silo = await cluster.Add(ClusterUnderTest.NewSilo());
        var read = await cluster.Read();
        var (entry, etag) = read.Members[0];
        await cluster.Table.UpdateIAmAliveAsync(silo, Token);

        Assert.True(await cluster.Table.UpdateRowAsync(entry, etag, read.Version.Next(), Token));
    }

    [Fact]
    public async Task A_heartbeat_of_a_silo_without_a_row_is_an_error_and_makes_none()
    {
        var cluster = await Start();

        await Assert.ThrowsAsync<global::Azure.RequestFailedException>(() => cluster.Table.UpdateIAmAliveAsync(ClusterUnderTest.NewSilo(), Token));

        Assert.Empty((await cluster.Read()).Members);
    }

    [Fact]
    public async Task Silos_that_nobody_has_heard_of_for_long_are_cleaned_up_unless_they_are_active()
    {
        var cluster = await Start();
        TimeSpan old = TimeSpan.FromDays(10), oneDay = TimeSpan.FromDays(1);
        var staying = new List<MembershipEntry>();
        foreach (var status in Enum.GetValues<SiloStatus>())
        {
            var silo = await cluster.Add(ClusterUnderTest.NewSilo(status, age: old));
            if (status is SiloStatus.Active) staying.Add(silo);
        }

        staying.Add(await cluster.Add(ClusterUnderTest.NewSilo()));
        MembershipEntry beating = ClusterUnderTest.NewSilo(age: old), killed = ClusterUnderTest.NewSilo(SiloStatus.Dead, age: old);
        beating.IAmAliveTime = DateTime.UtcNow - oneDay;
        killed.AddSuspector(beating.SiloAddress, DateTime.UtcNow - oneDay);
        staying.Add(await cluster.Add(beating));
        staying.Add(await cluster.Add(killed));
        var before = (await cluster.Read()).Version;

        await cluster.Table.CleanupDefunctSiloEntriesAsync(DateTimeOffset.UtcNow.AddDays(-7), Token);

        var after = await cluster.Read();
        Assert.Equal(before, after.Version);
        Assert.Equal(staying.Select(silo => silo.SiloAddress).ToHashSet(), after.Members.Select(member => member.Item1.SiloAddress).ToHashSet());
    }

    [Fact]
    public async Task A_cluster_that_is_deleted_has_no_rows_and_the_other_one_in_the_table_keeps_its_own()
    {
        var account = (await azurite.NewAccount()).Tables;
        ClusterUnderTest one = await ClusterUnderTest.Start(account), other = await ClusterUnderTest.Start(account);
        var (ones, others) = (await one.Add(ClusterUnderTest.NewSilo(SiloStatus.Active)), await other.Add(ClusterUnderTest.NewSilo(SiloStatus.Active)));
        await other.Add(ClusterUnderTest.NewSilo());

        Assert.Equal(ones.SiloAddress, Assert.Single((await one.Read()).Members).Item1.SiloAddress);
        Assert.Equal((1, 2), ((await one.Read()).Version.Version, (await other.Read()).Version.Version));
        Assert.Equal(ones.SiloAddress.Generation, Generation(Assert.Single(await one.Gateways.GetGatewaysAsync(Token))));
        await one.Table.DeleteMembershipTableEntriesAsync(one.Id, Token);

        await Assert.ThrowsAsync<InvalidOperationException>(one.Read);
        Assert.All(await one.Raw.QueryAsync<global::Azure.Data.Tables.TableEntity>(cancellationToken: Token).ToListAsync(Token), row => Assert.Equal(other.Id, row.PartitionKey));
        Assert.Contains(others.SiloAddress, (await other.Read()).Members.Select(member => member.Item1.SiloAddress));
        await one.Table.InitializeMembershipTableAsync(true, Token);
        Assert.Equal(0, (await one.Read()).Version.Version);
    }

    [Fact]
    public async Task Gateways_are_the_active_silos_with_a_port_for_clients()
    {
        var cluster = await Start();
        var silos = new List<MembershipEntry>();
        for (var i = 0; i < 10; i++) silos.Add(await cluster.Add(ClusterUnderTest.NewSilo(i < 3 ? SiloStatus.Active : (SiloStatus)(i % 3), proxyPort: i is 1 ? 0 : 30_000 + i)));
        await cluster.Gateways.InitializeGatewayListProviderAsync(Token);

        var gateways = await cluster.Gateways.GetGatewaysAsync(Token);

        Assert.Equal(
            new[] { silos[0], silos[2] }.Select(silo => new Uri($"gwy.tcp://127.0.0.1:{silo.ProxyPort}/{silo.SiloAddress.Generation}")).ToHashSet(),
            gateways.ToHashSet());
        Assert.True(cluster.Gateways.IsUpdatable);
    }

    private static async Task<(MembershipEntry Entry, string ETag)> Row(ClusterUnderTest cluster, MembershipEntry silo)
    {
        var (entry, etag) = Assert.Single((await cluster.Table.ReadRowAsync(silo.SiloAddress, Token)).Members);
        return (entry, etag);
    }

    private static string Text(Tuple<MembershipEntry, string> member) => $"{member.Item1.ToFullString()} {member.Item2}";

    private static int Generation(Uri gateway) => int.Parse(gateway.Segments[1], System.Globalization.CultureInfo.InvariantCulture);

    private async Task<ClusterUnderTest> Start() => await ClusterUnderTest.Start((await azurite.NewAccount()).Tables);
}
