using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Orleans.Counter.Tables;
using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Clustering;

/// <summary>The membership table while the road to the storage is bad: every operation ends, and what it says is what stands.</summary>
public sealed class BadRoadTests(Azurite azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_is_tried_again_and_a_write_is_not()
    {
        var account = await azurite.NewAccount();
        await ClusterUnderTest.Start(account.Tables, "green");
        await using var road = new TurnsAway(account, _ => true);
        await road.Open();
        var cluster = new ClusterUnderTest(TableServiceClients.Create(road.Account.ConnectionString), "green");

        await Assert.ThrowsAsync<RequestFailedException>(() => cluster.Table.InsertRowAsync(ClusterUnderTest.NewSilo(), new(1, "*"), Token));
        Assert.Equal(1, road.TurnedAway);
        await Assert.ThrowsAsync<RequestFailedException>(cluster.Read);
        Assert.Equal(1 + 3, road.TurnedAway);
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_an_error_and_the_next_read_shows_it()
    {
        var account = await azurite.NewAccount();
        await ClusterUnderTest.Start(account.Tables, "green");
        await using var road = new LosesAnswers(account, write => write is 0);
        await road.Open();
        var cluster = new ClusterUnderTest(TableServiceClients.Create(road.Account.ConnectionString), "green");
        var silo = ClusterUnderTest.NewSilo();

        await Assert.ThrowsAsync<RequestFailedException>(async () => await cluster.Table.InsertRowAsync(silo, (await cluster.Read()).Version.Next(), Token));

        Assert.NotNull((await cluster.Read()).TryGet(silo.SiloAddress));
    }

    [Fact]
    public async Task A_client_that_repeats_a_write_by_itself_hears_no_and_the_next_read_shows_that_it_was_done()
    {
        var account = await azurite.NewAccount();
        await ClusterUnderTest.Start(account.Tables, "green");
        await using var road = new LosesAnswers(account, write => write is 0);
        await road.Open();
        var cluster = new ClusterUnderTest(
            new TableServiceClient(road.Account.ConnectionString, new() { Retry = { MaxRetries = 1, Delay = TimeSpan.FromMilliseconds(1), Mode = RetryMode.Fixed } }), "green");
        var silo = ClusterUnderTest.NewSilo();

        Assert.False(await cluster.Table.InsertRowAsync(silo, (await cluster.Read()).Version.Next(), Token));

        var (found, etag) = (await cluster.Read()).TryGet(silo.SiloAddress)!;
        Assert.Equal(silo.ToFullString(), found.ToFullString());
        Assert.True(await cluster.Table.UpdateRowAsync(found, etag, (await cluster.Read()).Version.Next(), Token));
    }

    [Fact]
    public async Task An_operation_that_nobody_answers_ends()
    {
        var account = await azurite.NewAccount();
        await ClusterUnderTest.Start(account.Tables, "green");
        await using var road = new NeverAnswers(account);
        await road.Open();
        var cluster = new ClusterUnderTest(TableServiceClients.Create(road.Account.ConnectionString), "green");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => cluster.Table.UpdateIAmAliveAsync(ClusterUnderTest.NewSilo(), Token).WaitAsync(TimeSpan.FromMinutes(1), Token));
    }

    [Fact]
    public async Task A_silo_that_starts_while_the_storage_is_away_waits_for_it()
    {
        await using var road = new GoodRoad(await azurite.NewAccount());
        await road.Open();
        await road.Close();
        var away = new FirstAttempt();
        var cluster = new ClusterUnderTest(new(road.Account.ConnectionString, away.Options()), "green");

        var start = cluster.Table.InitializeMembershipTableAsync(true, Token);
        await away.Failed.Task.WaitAsync(Token);
        Assert.False(start.IsCompleted);
        await road.Open();
        await start;

        Assert.Equal(0, (await cluster.Read()).Version.Version);
    }

    [Fact]
    public async Task A_silo_whose_first_write_is_not_answered_starts_all_the_same()
    {
        await using var road = new LosesAnswers(await azurite.NewAccount(), write => write is 0);
        await road.Open();

        var cluster = await ClusterUnderTest.Start(TableServiceClients.Create(road.Account.ConnectionString), "green");

        Assert.Equal(1, road.Lost);
        Assert.Equal(0, (await cluster.Read()).Version.Version);
    }

    [Fact]
    public async Task A_silo_that_may_not_use_the_account_does_not_wait_for_it()
    {
        var account = await azurite.NewAccount();
        var cluster = new ClusterUnderTest((account with { Key = "b3RoZXI=" }).Tables, "green");

        Assert.Equal(403, (await Assert.ThrowsAsync<RequestFailedException>(() => cluster.Table.InitializeMembershipTableAsync(true, Token))).Status);
    }

    [Fact]
    public async Task A_start_that_is_given_up_ends_while_the_storage_is_away()
    {
        await using var road = new GoodRoad(await azurite.NewAccount());
        await road.Open();
        await road.Close();
        var away = new FirstAttempt();
        var cluster = new ClusterUnderTest(new(road.Account.ConnectionString, away.Options()), "green");
        using var givesUp = new CancellationTokenSource();

        var start = cluster.Table.InitializeMembershipTableAsync(true, givesUp.Token);
        await away.Failed.Task.WaitAsync(Token);
        await givesUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start);
    }

    /// <summary>Knows when a client has failed for the first time.</summary>
    private sealed class FirstAttempt : HttpPipelinePolicy
    {
        public TaskCompletionSource Failed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TableClientOptions Options()
        {
            var options = new TableClientOptions { Retry = { MaxRetries = 0 } };
            options.AddPolicy(this, HttpPipelinePosition.PerCall);
            return options;
        }

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            try
            {
                await ProcessNextAsync(message, pipeline);
            }
            catch (Exception)
            {
                Failed.TrySetResult();
                throw;
            }
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            throw new NotSupportedException("Nobody waits without a task.");
    }
}
