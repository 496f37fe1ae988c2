using Azure.Data.Tables;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Clustering;

/// <summary>Silos whose storage is away, or does not say what it has done.</summary>
public sealed class OutageTests(Azurite azurite)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2); // Orleans pauses longer with every attempt that fails.

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_silo_lives_on_while_the_storage_is_away_and_its_heart_is_heard_again_when_it_is_back()
    {
        var account = await azurite.NewAccount();
        var away = false;
        await using var road = new TurnsAway(account, _ => Volatile.Read(ref away));
        await road.Open();
        using var silo = await Start(road.Account, options =>
        {
            options.IAmAliveTablePublishTimeout = TimeSpan.FromMilliseconds(200);
            options.TableRefreshTimeout = TimeSpan.FromMilliseconds(200);
        });

        Volatile.Write(ref away, true);
        await Eventually.Answers(_ => Task.FromResult(road.TurnedAway), count => count >= 8, Patience);
        var before = (await Row(account)).GetString("IAmAliveTime");
        Assert.Equal(SiloStatus.Active, Status(silo));
        Volatile.Write(ref away, false);

        await Eventually.Answers(_ => Row(account), row => string.CompareOrdinal(row.GetString("IAmAliveTime"), before) > 0, Patience);
        Assert.Equal(SiloStatus.Active, Status(silo));
        await silo.StopAsync(Token);
        Assert.Equal("Dead", (await Row(account)).GetString("Status"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_silo_joins_and_leaves_although_one_of_three_answers_is_lost(int which)
    {
        var account = await azurite.NewAccount();
        await using var road = new LosesAnswers(account, write => write % 3 == which);
        await road.Open();
        using var silo = await Start(road.Account, _ => { });

        Assert.Equal(SiloStatus.Active, Status(silo));
        await silo.StopAsync(Token);

        Assert.True(road.Lost > 0);
        Assert.Equal("Dead", (await Row(account)).GetString("Status"));
    }

    private static async Task<IHost> Start(StorageAccount account, Action<ClusterMembershipOptions> configure)
    {
        var silo = Hosts.Silo(Hosts.Configuration(("Clustering:ConnectionString", account.ConnectionString)), silo => silo.Services.Configure(configure));
        await silo.StartAsync(Token);
        return silo;
    }

    // As the silo itself sees it: without asking the table.
    private static SiloStatus Status(IHost silo) => silo.Services.GetRequiredService<ISiloStatusOracle>().CurrentStatus;

    private static async Task<TableEntity> Row(StorageAccount account) =>
        await account.Tables.GetTableClient("OrleansSiloInstances").QueryAsync<TableEntity>("Address ne ''", cancellationToken: Token).SingleAsync(Token);
}
