using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>What the store says is what stands in the table, whatever the road between them does with requests and answers.</summary>
public sealed class LostAnswerTests(Azurite azurite)
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_first_commit_whose_answer_is_lost_is_known_as_our_own()
    {
        await using var road = new LosesAnswers(await azurite.NewAccount(), write => write is 0);
        await road.Open();
        var store = await road.Account.Store();
        var row = Rows.Of("kittens", 1);

        var version = await store.CommitVideo(row, null, [], Token);

        Assert.Equal(1, road.Lost);
        var stands = await store.ReadVideo(Kittens, Token);
        Assert.Equal((row.Text(), version), (stands!.Row.Text(), stands.Version));
    }

    [Fact]
    public async Task A_transaction_whose_answer_is_lost_is_known_as_our_own_for_all_that_were_in_it()
    {
        var account = await azurite.NewAccount();
        await using var road = new LosesAnswers(account, write => write is 0 or 1);
        await road.Open();
        var videos = Rows.VideosOf(new Shard(0x11)).Take(20).ToList();
        var atPeace = await account.Store();
        var first = await Task.WhenAll(videos.Select(video => atPeace.CommitVideo(Rows.Of(video.Value, 1), null, [], Token).AsTask()));

        // The first may go alone; the others gather behind it, so that one of the first two transactions holds many.
        var store = await road.Account.Store();
        var rows = videos.Select(video => Rows.Of(video.Value, 2)).ToList();
        var second = await Task.WhenAll(rows.Select((row, i) => store.CommitVideo(row, first[i], [Rows.Hour(EventType.View, 12, i + 1)], Token).AsTask()));

        Assert.InRange(road.Lost, 1, 2);
        foreach (var (row, version) in rows.Zip(second))
        {
            var stands = await store.ReadVideo(row.Video, Token);
            Assert.Equal((row.Text(), version), (stands!.Row.Text(), stands.Version));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task With_every_third_answer_lost_nothing_is_lost_or_counted_twice(int seed)
    {
        var account = await azurite.NewAccount();
        await using var road = new LosesAnswers(account, OneOfThree(seed));
        await CountsAreExact(road, account);
        Assert.True(road.Lost > 3, $"Only {road.Lost} answers were lost: the test has shown nothing.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task With_every_third_transaction_late_nothing_is_lost_or_counted_twice(int seed)
    {
        var account = await azurite.NewAccount();
        await using var road = new BringsLate(account, OneOfThree(seed));
        await CountsAreExact(road, account);
        Assert.True(road.Late > 3, $"Only {road.Late} transactions were late: the test has shown nothing.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task With_every_third_request_turned_away_nothing_is_lost_or_counted_twice(int seed)
    {
        var account = await azurite.NewAccount();
        await using var road = new TurnsAway(account, OneOfThree(seed));
        await CountsAreExact(road, account);
        Assert.True(road.TurnedAway > 10, $"Only {road.TurnedAway} requests were turned away: the test has shown nothing.");
    }

    [Fact]
    public async Task Checkpoints_and_the_log_are_known_as_our_own_when_their_answers_are_lost()
    {
        await using var road = new LosesAnswers(await azurite.NewAccount(), write => write % 2 is 0);
        await road.Open();
        var store = await road.Account.Store();
        var log = LogRow.FromBeginning("events", Noon, 4, era: 0);
        var shard = new Shard(3);
        RowVersion? version = null, before = null;

        Assert.Equivalent(log, await store.AddLog(log, Token));
        for (var position = 1; position <= 5; position++)
        {
            before = version;
            version = await store.WriteShard(shard, new(new(position), Noon, 3, default), version, Token);
        }

        Assert.Equal(new(new(new(5), Noon, 3, default), version!.Value), await store.ReadShard(shard, Token));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.WriteShard(shard, new(new(4), Noon, 3, default), before, Token));
        var next = log with { Era = 1, Starts = [1, 2, 3, 4] };
        await store.AdvanceLog(next, Token);
        Assert.Equivalent(next, await store.ReadLog(Token));
        Assert.True(road.Lost >= 6);
    }

    [Fact]
    public async Task A_checkpoint_of_another_activation_is_not_taken_for_our_own_though_its_row_holds_the_same()
    {
        var account = await azurite.NewAccount();
        await using var road = new TurnsAway(account, number => number is 0);
        await road.Open();
        var (ours, other) = (await road.Account.Store(), await account.Store());
        var shard = new Shard(3);
        var version = await other.WriteShard(shard, new(new(1), Noon, 3, default), null, Token);
        var lists = new[] { new TopList(EventType.View, new(WindowLength.Hour, 5), [new(VideoId.Parse("kittens"), 3)]) };
        await other.WriteShard(shard, new(new(2), Noon, 3, default), lists, version, Token);

        await Assert.ThrowsAsync<StaleWriterException>(async () => await ours.WriteShard(shard, new(new(2), Noon, 3, default), [], version, Token));

        Assert.Equal(1, road.TurnedAway);
        Assert.Equal(lists[0].Videos, Assert.Single(await other.ReadTops(shard, Token)).Videos);
    }

    [Fact]
    public async Task While_the_storage_is_away_everyone_waits_and_when_it_is_back_everyone_goes_on()
    {
        await using var road = new GoodRoad(await azurite.NewAccount());
        await road.Open();
        var store = await road.Account.Store();
        var version = await store.CommitVideo(Rows.Of("kittens", 1), null, [], Token);
        var row = Rows.Of("kittens", 2, new TypeTotal(EventType.View, Cell.Plain(2)));

        await road.Close();
        var longAway = road.Account.Log.Attempt(4);
        var commit = store.CommitVideo(row, version, [], Token).AsTask();
        var checkpoint = store.WriteShard(new Shard(3), new(new(1), Noon, 3, default), null, Token).AsTask();
        var read = store.ReadVideo(Kittens, Token).AsTask();
        await longAway;
        Assert.DoesNotContain(new Task[] { commit, checkpoint, read }, waiting => waiting.IsCompleted);
        await road.Open();

        var committed = await commit;
        var checkpointed = await checkpoint;
        Assert.Contains((await read)!.Row.Position.Value, new long[] { 1, 2 });
        var stands = await store.ReadVideo(Kittens, Token);
        Assert.Equal((row.Text(), committed), (stands!.Row.Text(), stands.Version));
        Assert.Equal(checkpointed, (await store.ReadShard(new Shard(3), Token))!.Version);
    }

    [Fact]
    public async Task Who_gives_up_waiting_does_not_stop_the_others()
    {
        await using var road = new GoodRoad(await azurite.NewAccount());
        await road.Open();
        var store = await road.Account.Store();
        var videos = Rows.VideosOf(new Shard(9)).Take(2).ToList();
        var patient = Rows.Of(videos[1].Value, 1);

        await road.Close();
        using var impatience = new CancellationTokenSource();
        var impatientCommit = store.CommitVideo(Rows.Of(videos[0].Value, 1), null, [], impatience.Token).AsTask();
        var patientCommit = store.CommitVideo(patient, null, [], Token).AsTask();
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatientCommit);
        await road.Open();

        await patientCommit;
        Assert.Equal(patient.Text(), (await store.ReadVideo(patient.Video, Token))!.Row.Text());
    }

    /// <summary>Videos of two shards count to six, each step a commit; after each a dead activation tries the step again with the version before it.</summary>
    private static async Task CountsAreExact(StorageRoad road, StorageAccount account)
    {
        const int steps = 6;
        await road.Open();
        var store = await road.Account.Store();
        var videos = Rows.VideosOf(new Shard(0x20)).Take(12).Concat(Rows.VideosOf(new Shard(0x21)).Take(3)).ToList();

        await Task.WhenAll(videos.Select(async video =>
        {
            RowVersion? version = null;
            for (var step = 1; step <= steps; step++)
            {
                var before = version;
                version = await store.CommitVideo(Step(video, step), before, [Rows.Hour(EventType.View, 12, step)], Token);
                await Assert.ThrowsAsync<StaleWriterException>(
                    async () => await store.CommitVideo(Step(video, step), before, [Rows.Hour(EventType.View, 13, step)], Token));
            }
        }));

        store = await account.Store(); // not by that road
        foreach (var video in videos)
        {
            var row = (await store.ReadVideo(video, Token))!.Row;
            Assert.Equal((steps, steps), (row.Position.Value, row.Totals.Single().Total.Count));
            var hour = Assert.Single((await store.ReadDay(video, EventType.View, TableLayout.DayOf(12), Token))!.Row.Hours);
            Assert.Equal((12, steps), (hour.Hour, hour.Total.Count));
        }

        static VideoRow Step(VideoId video, int step) => Rows.Of(video.Value, step, new TypeTotal(EventType.View, Cell.Plain(step)));
    }

    // By the number of the request alone, so that a seed means the same in every run.
    private static Func<int, bool> OneOfThree(int seed) => number => new Random((seed * 1_000_003) + number).Next(3) == 0;
}
