using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Counting;
using Orleans.Counter.Query;
using Orleans.Counter.Recount;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Recount;

/// <summary>What was counted is compared with the raw events, and repaired, through HTTP.</summary>
public sealed class RecountHttpTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = Minute.Of(DateTimeOffset.UtcNow).Start;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly VideoId Puppies = VideoId.Parse("puppies");

    private readonly TakesRepairs _store = new();
    private readonly Forgetful _operations = new();
    private readonly FakeTimeProvider _hubClock = new(DateTimeOffset.UtcNow.AddSeconds(-30));
    private CounterCluster _cluster = null!;
    private ApiInstance _api = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static string Partition => Shard.Of(Kittens).Partition(CounterCluster.Partitions).ToString(CultureInfo.InvariantCulture);

    public async ValueTask InitializeAsync()
    {
        _hubClock.AdjustTime(Now.AddDays(-40));
        _cluster = await CounterCluster.Start(_store, hub: new(CounterCluster.Partitions, _hubClock), operations: _operations);
        _hubClock.AdjustTime(DateTimeOffset.UtcNow);
        _api = await ApiInstance.Start(_cluster);
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task What_is_right_is_found_right()
    {
        await Send(new(Kittens, Now.AddMinutes(-3), Id: "a"), new(Kittens, Now.AddMinutes(-3), Id: "a"), new(Kittens, Now.AddMinutes(-3)), new(Kittens, Now.AddHours(-30), "watch_seconds", Value: 2.5), new(Puppies, Now));

        var begun = await Post(repair: true);
        var id = (string)begun.Body!["id"]!;
        Assert.Equal((HttpStatusCode.Accepted, "running", "kittens", true), (begun.Status, (string?)begun.Body["state"], (string?)begun.Body["videoId"], (bool)begun.Body["repair"]!));

        var result = await Ended(id, "done");
        Assert.Equal((3, 3, 0, 0, 0, false), (Long(result, "counted"), Long(result, "recounted"), Long(result, "difference"), Long(result, "minutesThatDiffer"), Long(result, "minutesRepaired"), (bool)result["truncated"]!));
        Assert.Empty(result["minutes"]!.AsArray());
        Assert.Empty(result["missing"]!.AsArray());
    }

    [Fact]
    public async Task A_cell_that_somebody_has_changed_is_found_named_and_repaired_and_the_total_stays_what_it_was()
    {
        await Send(new(Kittens, Now.AddMinutes(-3)), new(Kittens, Now.AddMinutes(-3)), new(Kittens, Now.AddMinutes(-90)), new(Kittens, Now.AddHours(-30), "watch_seconds", Value: 2.5));
        Damage(minute => minute == At(-3) ? Cell.Plain(7) : minute == At(-90) ? Cell.Nothing : null);
        Damage(minute => minute == At(-30 * 60) ? new(1, 3.5, 3.5, 3.5) : null);
        await _cluster.Forget(Kittens);

        var found = await Recount("done");

        Assert.Equal((8, 4, -4, 3, 0), (Long(found, "counted"), Long(found, "recounted"), Long(found, "difference"), Long(found, "minutesThatDiffer"), Long(found, "minutesRepaired")));
        Assert.Equal(
            [
                $$"""{"type":"watch_seconds","minute":"{{Now.AddHours(-30):yyyy-MM-ddTHH:mm:ssZ}}","counted":1,"recounted":1,"difference":0,"countedValues":{"sum":3.5,"min":3.5,"max":3.5},"recountedValues":{"sum":2.5,"min":2.5,"max":2.5},"repaired":false}""",
                $$"""{"type":"view","minute":"{{Now.AddMinutes(-90):yyyy-MM-ddTHH:mm:ssZ}}","counted":0,"recounted":1,"difference":1,"countedValues":null,"recountedValues":{"sum":1,"min":1,"max":1},"repaired":false}""",
                $$"""{"type":"view","minute":"{{Now.AddMinutes(-3):yyyy-MM-ddTHH:mm:ssZ}}","counted":7,"recounted":2,"difference":-5,"countedValues":{"sum":7,"min":1,"max":1},"recountedValues":{"sum":2,"min":1,"max":1},"repaired":false}""",
            ],
            found["minutes"]!.AsArray().Select(minute => minute!.ToJsonString()));
        Assert.Equal([(At(-3), 7)], await Minutes(EventType.View));

        var repaired = await Recount("done", repair: true);
        Assert.Equal((3, 3), (Long(repaired, "minutesThatDiffer"), Long(repaired, "minutesRepaired")));
        foreach (var isAsleep in new[] { false, true })
        {
            if (isAsleep) await _cluster.Forget(Kittens);
            Assert.Equal([(At(-90), 1), (At(-3), 2)], await Minutes(EventType.View));
            Assert.Equal(
                """{"view":{"count":3,"sum":3,"min":1,"max":1},"watch_seconds":{"count":1,"sum":2.5,"min":2.5,"max":2.5}}""",
                Sorted((await Get("/v1/videos/kittens")).Body!["totals"]!));
        }

        Assert.Equal(0, Long(await Recount("done", repair: true), "minutesThatDiffer"));
        Assert.Equal(-4, Long((await Get("/v1/audit")).Body!, "repaired"));
        Assert.Equal(0, Long((await Get("/v1/audit")).Body!, "difference"));
    }

    [Fact]
    public async Task What_was_counted_wrong_is_put_right_in_the_total_the_channel_and_the_lists_too()
    {
        await _api.Send(HttpMethod.Put, "/v1/videos/kittens", """{"channelId":"cats"}""");
        await Send(new(Kittens, Now.AddMinutes(-3)), new(Kittens, Now.AddMinutes(-3)), new(Kittens, Now.AddDays(-3)));
        Assert.Equal(3, await Count("/v1/channels/cats/count"));
        _store.Miscount(Kittens, At(-3), 5);
        await _cluster.Forget(Kittens);
        Assert.Equal(6, await Count("/v1/videos/kittens/count"));

        await Recount("done", repair: true);

        Assert.Equal((3, 3), (await Count("/v1/videos/kittens/count"), await Count("/v1/channels/cats/count")));
        var windows = await _cluster.Grains.GetGrain<IVideoGrain>("kittens").Windows(EventType.View, Stop);
        Assert.Equal(2, windows.Single(count => count.Window == TopWindow.Of(count.Window.Length, At(-3)) && count.Window.Length == TopWindow.Lengths[0]).Count);
    }

    [Fact]
    public async Task A_row_that_was_lost_is_found_because_its_shard_has_stored_more()
    {
        await Send(new(Kittens, Now.AddMinutes(-3)), new(Kittens, Now.AddMinutes(-2)));
        _store.Lose(Kittens);
        await _cluster.Forget(Kittens);
        Assert.Equal(0, await Count("/v1/videos/kittens/count"));

        Assert.Equal((0, 2, 2), Long(await Recount("done", repair: true), "counted", "recounted", "minutesRepaired"));

        Assert.Equal(2, await Count("/v1/videos/kittens/count"));
    }

    [Fact]
    public async Task An_old_day_is_repaired_wherever_it_lies()
    {
        var old = Now.AddDays(-20);
        _hubClock.AdjustTime(old.AddMinutes(5));
        await Send(new(Kittens, old), new(Kittens, old), new(Kittens, old.AddMinutes(1)));
        _hubClock.AdjustTime(DateTimeOffset.UtcNow);
        await Send(new Event(Kittens, Now));
        Damage(minute => minute == Minute.Of(old) ? Cell.Plain(9) : null);
        await _cluster.Forget(Kittens);

        Assert.Equal((10, 3, 1), Long(await Recount("done", repair: true, from: old.AddHours(-1), to: old.AddHours(1)), "counted", "recounted", "minutesRepaired"));

        Assert.Equal((4, 2), (await Count("/v1/videos/kittens/count"), await Count($"/v1/videos/kittens/count?from={old:yyyy-MM-ddTHH:mmZ}&to={old.AddMinutes(1):yyyy-MM-ddTHH:mmZ}")));
        Assert.Contains(TableLayout.DayOf(Minute.Of(old).Hour), _store.ChangedDays(Shard.Of(Kittens)));
    }

    [Fact]
    public async Task Corrections_imports_and_dead_letters_that_were_given_back_are_what_it_expects()
    {
        var liveFrom = DateOnly.FromDateTime(Now.AddDays(-30).UtcDateTime);
        await _store.WriteGroup(Group.Of(Kittens), new(liveFrom, liveFrom.AddDays(-1), liveFrom.AddDays(-1)), null, [], Stop);
        await Send(new(Kittens, Now.AddMinutes(-3)), new(Kittens, Now.AddMinutes(-3)), new(Kittens, Now.AddDays(-9)), new(Kittens, Now.AddDays(-9), "watch_seconds", Value: 7));
        var letter = (string)(await Get("/v1/admin/deadletters")).Body!["items"]!.AsArray().Single()!["id"]!;
        Assert.Equal(HttpStatusCode.OK, (await _api.Send(HttpMethod.Post, $"/v1/admin/deadletters/{letter}/replay")).Status);
        await Correct("c1", Now.AddMinutes(-3), 5, 12.5);
        await Correct("c2", Now.AddMinutes(-3), -4, -4);
        await Correct("c3", Now.AddDays(-9), 3, 3);
        var imported = Minute.Of(Now.AddDays(-35));
        await _cluster.Grains.GetGrain<IVideoGrain>("kittens").Import(EventType.View, [new(imported, Cell.Plain(11))], Stop);

        Assert.Equal((8, 8, 0), Long(await Recount("done"), "counted", "recounted", "minutesThatDiffer"));
        var history = await Recount("done", from: imported.Start.AddDays(-1), to: imported.Start.AddDays(1));

        Assert.Equal((11, 11, 11), Long(history, "counted", "recounted", "imported"));
        Damage(minute => minute == At(-3) ? Cell.Plain(4) : null);
        await _cluster.Forget(Kittens);
        Assert.Equal((9, 8, 1), Long(await Recount("done", repair: true), "counted", "recounted", "minutesRepaired"));
        Assert.Equal((8, 8, 0), Long(await Recount("done"), "counted", "recounted", "minutesThatDiffer"));
    }

    [Fact]
    public async Task What_was_removed_with_the_video_is_not_missed()
    {
        await Send(new(Kittens, Now.AddMinutes(-3)), new(Kittens, Now.AddMinutes(-3)));
        Assert.Equal(HttpStatusCode.NoContent, (await _api.Send(HttpMethod.Delete, "/v1/videos/kittens")).Status);
        await Send(new Event(Kittens, Now.AddMinutes(-3)));

        Assert.Equal((1, 1, 0), Long(await Recount("done"), "counted", "recounted", "minutesThatDiffer"));
    }

    [Fact]
    public async Task Captured_files_stand_for_what_the_hub_has_forgotten_and_without_them_it_says_so_and_repairs_nothing()
    {
        await Send(new Event(Kittens, Now.AddMinutes(-4), Id: "a"));
        await Send(new(Kittens, Now.AddMinutes(-3)), new(Kittens, Now.AddMinutes(-3), Id: "a"));
        var captured = _cluster.Hub.Log(Partition);
        await Send(new Event(Kittens, Now.AddMinutes(-2)));
        Damage(minute => minute == At(-2) ? Cell.Plain(9) : null);
        await _cluster.Forget(Kittens);
        _cluster.HubAgain.Begin = captured.Count;

        var incomplete = await Recount("incomplete", repair: true);
        var missing = Assert.Single(incomplete["missing"]!.AsArray())!;
        Assert.Equal((11, 1, 0), Long(incomplete, "counted", "recounted", "minutesRepaired"));
        Assert.Contains($"before message {captured.Count}", (string?)missing["reason"], StringComparison.Ordinal);
        Assert.True((DateTime)missing["from"]! < Now.AddDays(-2).UtcDateTime && (DateTime)missing["to"]! > Now.AddHours(-1).UtcDateTime);
        Assert.Equal(9, (await Minutes(EventType.View))[^1].Count);

        _cluster.Capture.Add(int.Parse(Partition, CultureInfo.InvariantCulture), captured[0].EnqueuedTime, captured);
        Assert.Equal((11, 3, 1), Long(await Recount("done", repair: true), "counted", "recounted", "minutesRepaired"));
        Assert.True(_cluster.Capture.Opened > 0);
    }

    [Fact]
    public async Task One_that_was_interrupted_ends_when_somebody_asks_after_it()
    {
        await Send(new Event(Kittens, Now.AddMinutes(-3)));
        var (arrived, go) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _cluster.HubAgain.Before = () =>
        {
            arrived.TrySetResult();
            return go.Task;
        };
        var id = (string)(await Post()).Body!["id"]!;
        await arrived.Task.WaitAsync(Patience, Stop);

        await _cluster.Forget(_cluster.Grains.GetGrain<IRecountGrain>(id)).WaitAsync(Patience, Stop);
        go.SetResult();

        Assert.Equal(1, Long(await Ended(id, "done"), "recounted"));
    }

    [Fact]
    public async Task A_repair_that_broke_off_goes_on_and_says_all_that_was_repaired()
    {
        await Send(new(Kittens, Now.AddMinutes(-3)), new(Kittens, Now.AddMinutes(-90)), new(Kittens, Now.AddHours(-30), "watch_seconds", Value: 2.5));
        Damage(minute => Cell.Plain(5));
        await _cluster.Forget(Kittens);
        _store.RepairsLeft = 1;
        _operations.LosesTheLastWord = true;

        var id = (string)(await Post(repair: true)).Body!["id"]!;
        await _store.Refused.WaitAsync(Patience, Stop);
        _store.RepairsLeft = int.MaxValue;
        await _operations.Lost.WaitAsync(Patience, Stop);
        _operations.LosesTheLastWord = false;

        var result = await Ended(id, "done");
        Assert.Equal((3, 3), (Long(result, "minutesThatDiffer"), Long(result, "minutesRepaired")));
        Assert.Equal([(At(-90), 1), (At(-3), 1)], await Minutes(EventType.View));
        Assert.Equal(-12, Long((await Get("/v1/audit")).Body!, "repaired"));
    }

    [Fact]
    public async Task A_minute_that_changes_between_the_look_and_the_repair_is_left_alone()
    {
        await Send(new Event(Kittens, Now.AddMinutes(-3)));
        Damage(minute => Cell.Plain(5));
        await _cluster.Forget(Kittens);
        _cluster.HubAgain.Before = async () =>
        {
            _cluster.HubAgain.Before = () => Task.CompletedTask;
            await Correct("meanwhile", Now.AddMinutes(-3), 1, 1);
        };

        var result = await Recount("done", repair: true);

        Assert.Equal((5, 1, 0), Long(result, "counted", "recounted", "minutesRepaired"));
        Assert.Equal([(At(-3), 6)], await Minutes(EventType.View));
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_a_failure_with_its_reason()
    {
        await Send(new Event(Kittens, Now.AddMinutes(-3)));
        _cluster.HubAgain.Before = () => throw new InvalidDataException("The captured file 'x' cannot be read: it ends too early.");

        var id = (string)(await Post()).Body!["id"]!;
        await Ended(id, "failed");

        Assert.Contains("ends too early", (string?)(await Get($"/v1/admin/operations/{id}")).Body!["reason"], StringComparison.Ordinal);
    }

    private static Minute At(int minutes) => Minute.Of(Now.AddMinutes(minutes));

    private static long Long(JsonNode node, string name) => (long)node[name]!;

    private static (long, long, long) Long(JsonNode node, string one, string two, string three) => (Long(node, one), Long(node, two), Long(node, three));

    private static string Sorted(JsonNode totals) => new JsonObject(totals.AsObject().OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => KeyValuePair.Create(one.Key, one.Value?.DeepClone()))).ToJsonString();

    private async Task Send(params Event[] events)
    {
        _cluster.Send(events);
        await _cluster.Stored();
    }

    private void Damage(Func<Minute, Cell?> cellOf) => _store.Damage(Kittens, hour => hour with
    {
        Cells = [.. hour.Cells.Select(cell => cell with { Cell = cellOf(hour.MinuteOf(cell)) ?? cell.Cell }).Where(cell => cell.Cell.Count > 0)],
    });

    private Task<Answer> Correct(string id, DateTimeOffset minute, long count, double sum) => _api.Send(
        HttpMethod.Post, "/v1/admin/corrections", string.Create(CultureInfo.InvariantCulture, $$"""{"id":"{{id}}","videoId":"kittens","minute":"{{minute:yyyy-MM-ddTHH:mmZ}}","count":{{count}},"sum":{{sum}},"reason":"r"}"""));

    private Task<Answer> Post(bool repair = false, DateTimeOffset? from = null, DateTimeOffset? to = null) => _api.Send(
        HttpMethod.Post, "/v1/admin/recount", $$"""{"videoId":"kittens","from":"{{from ?? Now.AddDays(-10):yyyy-MM-ddTHH:mmZ}}","to":"{{to ?? Now.AddMinutes(5):yyyy-MM-ddTHH:mmZ}}","repair":{{(repair ? "true" : "false")}}}""");

    private async Task<JsonNode> Recount(string state, bool repair = false, DateTimeOffset? from = null, DateTimeOffset? to = null) => await Ended((string)(await Post(repair, from, to)).Body!["id"]!, state);

    private async Task<JsonNode> Ended(string id, string state)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        patience.CancelAfter(Patience);
        while (true)
        {
            var operation = (await Get($"/v1/admin/operations/{id}")).Body!;
            if ((string?)operation["state"] is not "running")
            {
                Assert.True(state == (string?)operation["state"], operation.ToJsonString());
                return operation["result"]!;
            }

            patience.Token.ThrowIfCancellationRequested();
        }
    }

    private async Task<IReadOnlyList<(Minute Minute, long Count)>> Minutes(EventType type) =>
        [.. (await _cluster.Counts.Series(Kittens, type, new(MinuteRange.Everything, Granularity.Minute, WallClock.Utc), Seen.Anything, Stop)).Select(minute => (minute.Granule.From, minute.Cell.Count))];

    private async Task<long> Count(string address) => Long((await Get(address)).Body!, "count");

    private Task<Answer> Get(string address) => _api.Send(HttpMethod.Get, address);

    /// <summary>Takes so many repairs, and then refuses all until it is told to take some again.</summary>
    private sealed class TakesRepairs : MemoryCountStore
    {
        private readonly TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = int.MaxValue;

        public int RepairsLeft
        {
            get => _left;
            set => _left = value;
        }

        public Task Refused => _refused.Task;

        public override ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken)
        {
            if (commit.Correction is not { IsRepair: true } || Interlocked.Decrement(ref _left) >= 0) return base.CommitVideo(commit, version, cancellationToken);
            _refused.TrySetResult();
            return ValueTask.FromException<RowVersion>(new TimeoutException("The storage has gone."));
        }
    }

    /// <summary>Operations of which nobody learns that they have ended.</summary>
    private sealed class Forgetful : MemoryOperations
    {
        private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool LosesTheLastWord { get; set; }

        public Task Lost => _lost.Task;

        public override ValueTask<RowVersion> Write(string id, ReadOnlyMemory<byte> known, RowVersion? version, CancellationToken cancellationToken)
        {
            if (!LosesTheLastWord || !System.Text.Encoding.UTF8.GetString(known.Span).Contains("\"done\"", StringComparison.Ordinal)) return base.Write(id, known, version, cancellationToken);
            _lost.TrySetResult();
            return ValueTask.FromException<RowVersion>(new TimeoutException("The storage has gone."));
        }
    }
}
