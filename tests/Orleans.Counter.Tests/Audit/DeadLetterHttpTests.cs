using System.Globalization;
using System.Net;
using System.Text;
using Orleans.Counter.Http;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Audit;

/// <summary>What was set aside is looked at, given back once, or thrown away, through HTTP.</summary>
public sealed class DeadLetterHttpTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = Minute.Of(DateTimeOffset.UtcNow).Start;
    private static readonly DateTimeOffset Old = Now.AddDays(-9);

    // All in one partition, so that one frame, and one letter, can hold them.
    private static readonly string[] Videos =
        [.. Enumerable.Range(0, int.MaxValue).Select(number => $"video-{number}").Where(video => Shard.Of(VideoId.Parse(video)).Partition(CounterCluster.Partitions) == 0).Take(20)];

    private static readonly string Kittens = Videos[0];
    private static readonly string Puppies = Videos[1];

    private readonly ReluctantStore _store = new();
    private readonly ForgetfulLetters _letters = new();
    private CounterCluster _cluster = null!;
    private ApiInstance _api = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await CounterCluster.Start(_store, setAside: _letters);
        _api = await ApiInstance.Start(_cluster);
    }

    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Events_that_came_too_late_are_counted_in_their_minutes_once()
    {
        var id = await SetAside(new(Kittens, Old), new(Kittens, Old.AddSeconds(7)), new(Kittens, Old, 2.5, "like"), new(Puppies, Old.AddMinutes(1)));
        Assert.Equal(("waiting", 4, "out_of_time"), await State(id));

        var replayed = await Replay(id);

        Assert.Equal((HttpStatusCode.OK, "replayed"), (replayed.Status, (string?)replayed.Body!["state"]));
        Assert.NotNull(replayed.Body["replayedAt"]);
        foreach (var asleep in new[] { false, true })
        {
            if (asleep) await Task.WhenAll(_cluster.Forget(Id(Kittens)), _cluster.Forget(Id(Puppies)));
            Assert.Equal((2, 1, 0, 1), (await Count(Kittens, Old), await Count(Puppies, Old.AddMinutes(1)), await Count(Puppies, Old), await Count(Puppies)));
            Assert.Equal("""{"count":1,"sum":2.5,"min":2.5,"max":2.5}""", (await Get($"/v1/videos/{Kittens}")).Body!["totals"]!["like"]!.ToJsonString());
        }

        (await Replay(id)).IsProblem(HttpStatusCode.Conflict, "already_replayed");
        Assert.Equal(3, (await Get($"/v1/videos/{Kittens}")).Body!["totals"]!.AsObject().Sum(total => total.Value!["count"]!.GetValue<long>()));
    }

    [Fact]
    public async Task The_audit_goes_on_to_call_them_dead_letters_and_says_beside_it_what_was_given_back()
    {
        var id = await SetAside(new(Kittens, Old), new(Kittens, Old));
        await _cluster.Stored();

        await Replay(id);

        var audit = (await Get("/v1/audit")).Body!;
        Assert.Equal((2, 0, 2, 0, 2), ((long)audit["accepted"]!, (long)audit["counted"]!, (long)audit["deadLettered"]!, (long)audit["difference"]!, (long)audit["repaired"]!));
        Assert.Equal(2, (long)(await Get($"/v1/videos/{Kittens}")).Body!["deadLettered"]!);
    }

    [Fact]
    public async Task A_replay_that_dies_half_way_goes_on_where_it_was_and_counts_nothing_twice()
    {
        var events = Enumerable.Range(0, 12).SelectMany(number => new[] { new Late(Videos[number], Old), new Late(Videos[number], Old.AddMinutes(number + 1), 3) }).ToArray();
        var id = await SetAside(events);
        await _cluster.Stored();
        for (var refused = 1; refused <= 3; refused++)
        {
            _store.CorrectionsLeft = 5;
            Assert.NotEqual(HttpStatusCode.OK, (await Replay(id)).Status);
            Assert.Equal("replaying", (await State(id)).State);
        }

        _store.CorrectionsLeft = int.MaxValue;
        Assert.Equal(HttpStatusCode.OK, (await Replay(id)).Status);

        for (var number = 0; number < 12; number++) Assert.Equal(2, await Count(Videos[number]));
        Assert.Equal(24, (long)(await Get("/v1/audit")).Body!["repaired"]!);
        (await Replay(id)).IsProblem(HttpStatusCode.Conflict, "already_replayed");
    }

    [Fact]
    public async Task A_replay_whose_last_word_was_lost_counts_nothing_when_it_is_made_again()
    {
        var id = await SetAside(new Late(Kittens, Old));
        _letters.LosesTheLastWord = true;
        Assert.NotEqual(HttpStatusCode.OK, (await Replay(id)).Status);
        Assert.Equal(("replaying", 1L), ((await State(id)).State, await Count(Kittens)));

        _letters.LosesTheLastWord = false;
        Assert.Equal(HttpStatusCode.OK, (await Replay(id)).Status);

        Assert.Equal(1, await Count(Kittens));
    }

    [Fact]
    public async Task Of_replays_that_come_together_one_is_told_that_it_was_the_one()
    {
        var id = await SetAside([.. Enumerable.Range(0, 20).Select(number => new Late(Videos[number], Old))]);

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Replay(id)));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(3, answers.Count(answer => answer.Code == "already_replayed"));
        for (var number = 0; number < 20; number++) Assert.Equal(1, await Count(Videos[number]));
    }

    [Fact]
    public async Task A_type_that_was_one_too_many_is_counted_when_there_is_room()
    {
        var types = Enumerable.Range(0, EventType.PerVideoMax).Select(number => new Event(Id("full"), Now, $"type_{number}")).ToList();
        _cluster.Send([.. types, new Event(Id("full"), Now, "late", Value: 2), new Event(Id("full"), Now, "late", Value: 5)]);
        await _cluster.Stored();
        var id = (string)(await Get("/v1/admin/deadletters")).Body!["items"]!.AsArray().Single()!["id"]!;

        var refused = (await Replay(id)).IsProblem(HttpStatusCode.Conflict, "too_many_types");
        Assert.Contains("'full' has 32 types", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(("waiting", 2, "too_many_types"), await State(id));
        Assert.Equal(HttpStatusCode.NoContent, (await _api.Send(HttpMethod.Delete, "/v1/videos/full")).Status);

        Assert.Equal(HttpStatusCode.OK, (await Replay(id)).Status);
        await _cluster.Forget(Id("full"));
        Assert.Equal("""{"late":{"count":2,"sum":7,"min":2,"max":5}}""", (await Get("/v1/videos/full")).Body!["totals"]!.ToJsonString());
    }

    [Fact]
    public async Task What_cannot_be_read_can_be_looked_at_and_not_be_replayed()
    {
        _cluster.Hub.Append("1", new(new byte[] { 0xFF, 0xFE, 7 }, new Dictionary<string, object> { ["events"] = 3 }));
        _cluster.Hub.Append("1", new("{\"hello\":[1,2]}"u8.ToArray()));
        await _cluster.Stored();

        var bytes = (await Get("/v1/admin/deadletters/1.0000000000000001")).Body!;
        Assert.Equal(("//4H", 3, "undecodable"), ((string?)bytes["bodyBase64"], (int)bytes["events"]!, (string?)bytes["reason"]));
        Assert.Equal("""{"hello":[1,2]}""", (await Get("/v1/admin/deadletters/1.0000000000000002")).Body!["body"]!.ToJsonString());
        Assert.Contains("cannot read", (await Replay("1.0000000000000001")).IsProblem(HttpStatusCode.Conflict, "not_replayable").Detail, StringComparison.Ordinal);
        Assert.Equal("waiting", (await State("1.0000000000000001")).State);
    }

    [Fact]
    public async Task Events_of_a_time_that_has_not_come_wait_for_it()
    {
        var id = await SetAside(new Late(Kittens, Now.AddHours(3)));

        Assert.Contains("has not come yet", (await Replay(id)).IsProblem(HttpStatusCode.Conflict, "still_ahead").Detail, StringComparison.Ordinal);
        Assert.Equal(0, await Count(Kittens));
    }

    [Theory, InlineData("not JSON"), InlineData("[]"), InlineData("[{}]"), InlineData("{}"), InlineData("""[{"videoId":"a b","type":"view","timestamp":"2026-01-01T00:00:00Z","value":1}]""")]
    public async Task A_letter_that_somebody_has_spoiled_is_not_replayed(string body)
    {
        await _cluster.DeadLetters.Add(new("0/0000000000000007-time", "out_of_time", "", 1, Encoding.UTF8.GetBytes(body)), Stop);

        (await Replay("0.0000000000000007-time")).IsProblem(HttpStatusCode.Conflict, "not_replayable");
    }

    [Fact]
    public async Task What_is_thrown_away_is_gone()
    {
        var id = await SetAside(new Late(Kittens, Old));

        Assert.Equal(HttpStatusCode.NoContent, (await _api.Send(HttpMethod.Delete, $"/v1/admin/deadletters/{id}")).Status);

        (await _api.Send(HttpMethod.Delete, $"/v1/admin/deadletters/{id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await Get($"/v1/admin/deadletters/{id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await Replay(id)).IsProblem(HttpStatusCode.NotFound, "not_found");
        Assert.Empty((await Get("/v1/admin/deadletters")).Body!["items"]!.AsArray());
    }

    [Fact]
    public async Task The_list_comes_in_pages()
    {
        for (var number = 0; number < 7; number++)
            await _cluster.DeadLetters.Add(new(string.Create(CultureInfo.InvariantCulture, $"0/{number:x16}"), "undecodable", "", 1, new byte[] { 1 }), Stop);

        List<string> listed = [];
        for (string? address = "/v1/admin/deadletters?limit=3"; address is not null;)
        {
            var page = (await Get(address)).Body!;
            listed.AddRange(page["items"]!.AsArray().Select(letter => (string)letter!["id"]!));
            address = (string?)page["next"] is { } next ? $"/v1/admin/deadletters?limit=3&cursor={next}" : null;
        }

        Assert.Equal(Enumerable.Range(0, 7).Select(number => $"0.{number:x16}"), listed);
    }

    [Theory]
    [InlineData("?limit=0", "invalid_limit")]
    [InlineData("?limit=101", "invalid_limit")]
    [InlineData("?limit=some", "invalid_limit")]
    [InlineData("?cursor=", "invalid_cursor")]
    [InlineData("?cursor=MA", "invalid_cursor")]
    [InlineData("?cursor=a%20b", "invalid_cursor")]
    public async Task A_wrong_question_is_told_what_would_be_right(string query, string code) =>
        (await Get($"/v1/admin/deadletters{query}")).IsProblem(HttpStatusCode.BadRequest, code);

    [Theory, InlineData("0.1"), InlineData("..%2Fsightings"), InlineData("0%2F0000000000000001"), InlineData("0.0000000000000001-else"), InlineData("x")]
    public async Task What_no_letter_can_be_called_is_not_found(string id)
    {
        (await Get($"/v1/admin/deadletters/{id}")).IsProblem(HttpStatusCode.NotFound, "not_found");
        (await Replay(id)).IsProblem(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public void A_cursor_says_where_a_page_ended_and_finds_mistakes()
    {
        var cursor = PageCursor.Write("2!ÜMDA/-time");

        Assert.True(PageCursor.TryRead(cursor, out var place));
        Assert.Equal("2!ÜMDA/-time", place);
        for (var at = 0; at < cursor.Length; at++)
            Assert.False(PageCursor.TryRead(string.Concat(cursor.AsSpan(0, at), cursor[at] == 'A' ? "B" : "A", cursor.AsSpan(at + 1)), out var other) && other != place);
    }

    private static VideoId Id(string video) => VideoId.Parse(video);

    /// <summary>Sends events whose time is too far away to be counted.</summary>
    /// <returns>What their letter is called.</returns>
    private async Task<string> SetAside(params Late[] events)
    {
        _cluster.Send([.. events.Select(one => new Event(Id(one.Video), one.Time, one.Type, Value: one.Value))]);
        await _cluster.Stored();
        return (string)(await Get("/v1/admin/deadletters")).Body!["items"]!.AsArray().Single()!["id"]!;
    }

    private async Task<(string? State, int Events, string? Reason)> State(string id)
    {
        var letter = (await Get($"/v1/admin/deadletters/{id}")).Body!;
        return ((string?)letter["state"], (int)letter["events"]!, (string?)letter["reason"]);
    }

    private Task<Answer> Get(string address) => _api.Send(HttpMethod.Get, address);

    private Task<Answer> Replay(string id) => _api.Send(HttpMethod.Post, $"/v1/admin/deadletters/{id}/replay");

    private async Task<long> Count(string video, DateTimeOffset? minute = null) =>
        (await Get($"/v1/videos/{video}/count{(minute is { } from ? $"?from={from:yyyy-MM-ddTHH:mmZ}&to={from.AddMinutes(1):yyyy-MM-ddTHH:mmZ}" : "")}")).Body!["count"]!.GetValue<long>();

    private sealed record Late(string Video, DateTimeOffset Time, double Value = 1, string Type = "view");

    /// <summary>Takes so many corrections, and then refuses all until it is told to take some again: a commit that fails, as if its storage had gone.</summary>
    private sealed class ReluctantStore : MemoryCountStore
    {
        private int _left = int.MaxValue;

        public int CorrectionsLeft
        {
            get => _left;
            set => _left = value;
        }

        public override ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken) =>
            commit.Correction is not null && Interlocked.Decrement(ref _left) < 0
                ? ValueTask.FromException<RowVersion>(new TimeoutException("The storage has gone."))
                : base.CommitVideo(commit, version, cancellationToken);
    }

    /// <summary>Letters of which nobody learns that they were replayed to the end.</summary>
    private sealed class ForgetfulLetters : MemoryDeadLetters
    {
        public bool LosesTheLastWord { get; set; }

        public override ValueTask<RowVersion> Mark(KeptLetter letter, LetterReplay replay, RowVersion version, CancellationToken cancellationToken) =>
            LosesTheLastWord && replay.DoneAt is not null
                ? ValueTask.FromException<RowVersion>(new TimeoutException("The storage has gone."))
                : base.Mark(letter, replay, version, cancellationToken);
    }
}
