using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Http;
using Orleans.Counter.Ingest;
using Orleans.Counter.Query;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Query;

/// <summary>Writing, and asking with the token of the write: both ends over HTTP, the cluster between them, and a hub in memory.</summary>
public sealed class OwnWritesTests : IAsyncLifetime
{
    private static readonly TimeSpan Never = TimeSpan.FromMinutes(5); // for as long as a test takes

    private readonly PausingHub _hub = new();
    private readonly RefusesVideos _store = new();
    private CounterCluster _cluster = null!;
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await CounterCluster.Start(_store, hub: _hub.Memory, readers: _hub, checkpointEvery: Never);
        (_app, _http) = await StartApi(TimeProvider.System);
    }

    [Fact]
    public async Task Every_question_with_the_token_of_a_write_sees_the_write()
    {
        for (var written = 1; written <= 20; written++)
        {
            var ack = await View("kittens");
            Assert.Equal(written, await Count("kittens", ack));
        }

        var last = await View("kittens");
        Assert.Equal(21, (int)(await Ask($"/v1/videos/kittens/stats?ack={last}")).Body!["count"]!);
        last = await View("kittens");
        Assert.Equal(22, (int)(await Ask($"/v1/videos/kittens?ack={last}")).Body!["totals"]!["view"]!["count"]!);
        last = await View("kittens");
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        var series = await Ask(string.Create(CultureInfo.InvariantCulture, $"/v1/videos/kittens/series?from={from:yyyy-MM-ddTHH:00:00Z}&to={to:yyyy-MM-ddTHH:00:00Z}&ack={last}"));
        Assert.Equal(23, series.Body!["points"]!.AsArray().Sum(point => (int)point!["count"]!));
        last = await View("kittens");
        using var many = await _http.PostAsJsonAsync($"/v1/counts?ack={last}", new { videoIds = (string[])["kittens", "nobody"] }, Token);
        Assert.Equal("""{"kittens":24,"nobody":0}""", (await Answer.Read(many)).Body!["counts"]!.ToJsonString());
    }

    [Fact]
    public async Task A_write_of_many_frames_and_shards_is_seen_whole()
    {
        var videos = Enumerable.Range(0, 400).Select(number => $"v{number}").ToArray();
        for (var round = 1; round <= 3; round++)
        {
            var ack = await Write(Enumerable.Range(0, 10).SelectMany(_ => videos));

            using var answer = await _http.PostAsJsonAsync($"/v1/counts?ack={ack}", new { videoIds = videos }, Token);
            Assert.All((await Answer.Read(answer)).Body!["counts"]!.AsObject(), one => Assert.Equal(10 * round, (int)one.Value!));
        }

        Assert.True(_hub.Memory.Log("0").Count > 6, "the writes went into more than one frame");
    }

    [Fact]
    public async Task A_question_waits_until_the_frame_is_counted_and_one_about_another_shard_does_not()
    {
        _hub.Pause();
        var ack = await View("kittens");
        var waiting = Count("kittens", ack);

        Assert.Equal(0, await Count("puppies", ack));
        Assert.NotEqual(Shard.Of(VideoId.Parse("kittens")), Shard.Of(VideoId.Parse("puppies")));
        Assert.Equal(0, await Count("kittens"));
        Assert.False(waiting.IsCompleted);
        _hub.GoOn();
        Assert.Equal(1, await waiting);
    }

    [Fact]
    public async Task A_channel_waits_for_the_writes_to_its_videos()
    {
        using var put = await _http.PutAsJsonAsync("/v1/videos/kittens", new { channelId = "cats" }, Token);
        Assert.Equal(HttpStatusCode.OK, put.StatusCode);
        Assert.Equal(1, await Channel("cats", await View("kittens")));
        var (from, to) = (DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        var second = await View("kittens");
        var series = await Ask(string.Create(CultureInfo.InvariantCulture, $"/v1/channels/cats/series?from={from:yyyy-MM-ddTHH:00:00Z}&to={to:yyyy-MM-ddTHH:00:00Z}&ack={second}"));
        Assert.Equal(2, series.Body!["points"]!.AsArray().Sum(point => (int)point!["count"]!));

        _hub.Pause();
        var ack = await View("kittens");
        var waiting = Channel("cats", ack);
        Assert.Equal(0, await Channel("dogs", ack));
        Assert.False(waiting.IsCompleted);
        _hub.GoOn();
        Assert.Equal(3, await waiting);

        (await Ask("/v1/channels/cats/count?ack=none")).IsProblem(HttpStatusCode.BadRequest, "invalid_token");
    }

    [Fact]
    public async Task Who_has_seen_a_write_is_not_shown_less_by_an_answer_that_was_found_before()
    {
        for (var written = 1; written <= 10; written++)
        {
            await Task.WhenAll(Enumerable.Range(0, 2 * HotAnswers.HotPerSecond).Select(_ => Count("kittens"))); // The question is hot.
            Assert.Equal(written, await Count("kittens", await View("kittens")));
            Assert.Equal(written, await Count("kittens"));
        }
    }

    [Fact]
    public async Task Who_has_waited_in_vain_is_told_to_come_back()
    {
        var time = new WatchedTime();
        var (api, http) = await StartApi(time);
        await using var app = api;
        _hub.Pause();
        var ack = await View("kittens");
        var waiting = http.GetAsync($"/v1/videos/kittens/count?ack={ack}", Token);
        await time.IsAwaited(TimeSpan.FromSeconds(5), Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.False(waiting.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(5));

        using var late = await waiting;
        var answer = await Answer.Read(late);
        Assert.Equal(TimeSpan.FromSeconds(1), answer.IsProblem(HttpStatusCode.ServiceUnavailable, "not_visible_yet").RetryAfter);

        http.Dispose();

        _hub.GoOn();
        Assert.Equal(1, await Count("kittens", ack));
    }

    [Theory, InlineData(""), InlineData("a"), InlineData("kittens"), InlineData("AQcAAAAAAAAABwEAAAAAAA"), InlineData("%00")]
    public async Task What_is_no_token_is_told_so(string token)
    {
        foreach (var address in (string[])["/count?", "/stats?", "?", "/series?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&"])
            Assert.Contains("Counter-Ack", (await Ask($"/v1/videos/kittens{address}ack={token}")).IsProblem(HttpStatusCode.BadRequest, "invalid_token").Detail, StringComparison.Ordinal);
        using var many = await _http.PostAsJsonAsync($"/v1/counts?ack={token}", new { videoIds = (string[])["kittens"] }, Token);
        (await Answer.Read(many)).IsProblem(HttpStatusCode.BadRequest, "invalid_token");
    }

    [Fact]
    public async Task An_old_token_is_good_for_a_shard_that_has_forgotten_its_frames()
    {
        var ack = await View("kittens");
        Assert.Equal(1, await Count("kittens", ack));
        var asked = _hub.EndsAsked;

        await _cluster.Forget(Shard.Of(VideoId.Parse("kittens"))); // It stores everything, and begins anew after it.
        Assert.Equal(1, await Count("kittens", ack));
        Assert.True(_hub.EndsAsked > asked);
    }

    [Fact]
    public async Task A_shard_that_knows_the_frame_does_not_ask_the_hub()
    {
        var ack = await View("kittens");
        Assert.Equal(1, await Count("kittens", ack));
        var asked = _hub.EndsAsked;

        for (var times = 0; times < 20; times++) Assert.Equal(1, await Count("kittens", ack));
        Assert.Equal(asked, _hub.EndsAsked);
    }

    [Fact]
    public async Task A_video_that_lost_what_its_shard_gave_it_gets_it_back_before_the_question_is_answered()
    {
        var ack = await View("kittens");
        Assert.Equal(1, await Count("kittens", ack));

        await Lose("kittens");
        Assert.Equal(0, await Count("kittens"));
        Assert.Equal(1, await Count("kittens", ack));
    }

    [Fact]
    public async Task A_video_that_is_lost_between_its_shards_word_and_its_answer_is_asked_again()
    {
        var (ack, kittens, asked) = (await View("kittens"), VideoId.Parse("kittens"), 0);
        var writes = new OwnWrites(_cluster.Grains, TimeProvider.System);

        var (recent, _) = await writes.Answer(ack, [kittens], new DefaultHttpContext().Response, async seen =>
        {
            if (asked++ == 0) await Lose("kittens");
            return await _cluster.Counts.Recent(kittens, EventType.View, seen, Token);
        }, Token);

        Assert.Equal(1, recent?.Total.Count);
        Assert.True(asked > 1);
    }

    // It cannot store what it holds when it leaves: as if its silo had died.
    private async Task Lose(string video)
    {
        _store.Refusing = true;
        await _cluster.Forget(VideoId.Parse(video));
        _store.Refusing = false;
    }

    public async ValueTask DisposeAsync()
    {
        _hub.GoOn();
        _http.Dispose();
        await _app.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    private async Task<(WebApplication App, HttpClient Http)> StartApi(TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0", "--Ingest:FrameBytesMax=4096"]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(_cluster.Grains).AddSingleton<ICountStore>(_cluster.Store).AddSingleton<IRollupStore>(_cluster.Store).AddSingleton<ISegmentStore>(_cluster.Segments).AddSingleton<IEventHub>(_hub.Memory).AddSingleton(clock);
        builder.AddHttp();
        builder.AddAcceptance();
        builder.AddIngest();
        builder.AddQuery();
        var app = builder.Build();
        app.UseHttp();
        app.MapIngest();
        app.MapQuery();
        await app.StartAsync(Token);
        await app.Services.GetRequiredService<FramePublisher>().Known.WaitAsync(Token);
        return (app, new() { BaseAddress = new(app.Urls.First()) });
    }

    private Task<string> View(string video) => Ack(_http.PostAsync($"/v1/videos/{video}/views", null, Token));

    private Task<string> Write(IEnumerable<string> videos) => Ack(_http.PostAsJsonAsync("/v1/events", new { events = videos.Select(videoId => new { videoId }) }, Token));

    private static async Task<string> Ack(Task<HttpResponseMessage> sending)
    {
        using var answer = await sending;
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return Assert.Single(answer.Headers.GetValues("Counter-Ack"));
    }

    private async Task<long> Count(string video, string? ack = null)
    {
        var answer = await Ask($"/v1/videos/{video}/count{(ack is null ? "" : $"?ack={ack}")}");
        Assert.True(answer.Status is HttpStatusCode.OK, $"{answer.Status} {answer.Body}");
        return (long)answer.Body!["count"]!;
    }

    private async Task<long> Channel(string channel, string ack) => (long)(await Ask($"/v1/channels/{channel}/count?ack={ack}")).Body!["count"]!;

    private async Task<Answer> Ask(string address)
    {
        using var answer = await _http.GetAsync(address, Token);
        return await Answer.Read(answer);
    }

    private sealed class RefusesVideos : MemoryCountStore
    {
        public volatile bool Refusing;

        public override ValueTask<RowVersion> CommitVideo(VideoCommit commit, RowVersion? version, CancellationToken cancellationToken) => Refusing
            ? ValueTask.FromException<RowVersion>(new InvalidOperationException("The store was told to refuse."))
            : base.CommitVideo(commit, version, cancellationToken);
    }

    /// <summary>A hub whose readers can be held, and that counts how often it is asked where a log ends.</summary>
    private sealed class PausingHub : IEventHub
    {
        private TaskCompletionSource _going = Going();
        private int _endsAsked;

        public MemoryHub Memory { get; } = new(CounterCluster.Partitions, TimeProvider.System);

        public int EndsAsked => Volatile.Read(ref _endsAsked);

        public void Pause() => _going = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void GoOn() => _going.TrySetResult();

        public Task<HubProperties> GetProperties(CancellationToken cancellationToken = default) => Memory.GetProperties(cancellationToken);

        public Task<PartitionProperties> GetPartitionProperties(string partitionId, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _endsAsked);
            return Memory.GetPartitionProperties(partitionId, cancellationToken);
        }

        public Task Send(string partitionId, EventData data, CancellationToken cancellationToken = default) => Memory.Send(partitionId, data, cancellationToken);

        public IPartitionReader OpenReader(string partitionId, EventPosition from, long? ownerLevel) => new Reader(this, Memory.OpenReader(partitionId, from, ownerLevel));

        public ValueTask DisposeAsync() => Memory.DisposeAsync();

        private static TaskCompletionSource Going()
        {
            var going = new TaskCompletionSource();
            going.SetResult();
            return going;
        }

        private sealed class Reader(PausingHub hub, IPartitionReader reader) : IPartitionReader
        {
            public async ValueTask<IReadOnlyList<ReceivedEvent>> Receive(int countMax, CancellationToken cancellationToken = default)
            {
                var received = await reader.Receive(countMax, cancellationToken);
                await hub._going.Task;
                return received;
            }

            public ValueTask DisposeAsync() => reader.DisposeAsync();
        }
    }
}
