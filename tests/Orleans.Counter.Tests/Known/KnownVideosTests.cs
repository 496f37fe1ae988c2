using Orleans.Counter.Counting;
using Orleans.Counter.Known;
using Orleans.Counter.Tests.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Known;

/// <summary>What an instance knows of videos, whatever happens to shards and storage.</summary>
public sealed class KnownVideosTests : IDisposable
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly VideoId Puppies = VideoId.Parse("puppies");

    private readonly KnownWorld _world = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_video_that_has_a_row_is_known_and_one_that_has_none_is_not()
    {
        await _world.Write(Kittens);

        Assert.Equal("puppies", await _world.Unknown(Kittens, Puppies));
    }

    [Fact]
    public async Task A_row_is_read_once_and_invented_ids_read_none()
    {
        await _world.Write(Kittens);
        for (var times = 0; times < 3; times++)
        {
            Assert.Equal("", await _world.Unknown(Kittens));
            await Eventually(() => _world.Asked == times + 1); // Beside the events, every two seconds.
            _world.Clock.Advance(KnownShard.AskedEvery + TimeSpan.FromTicks(1));
        }

        for (var some = 0; some < 20; some++)
        {
            _world.Clock.Advance(KnownShard.Pace);
            await _world.Unknown([.. Enumerable.Range(0, 1_000).Select(number => VideoId.Parse($"invented-{some}-{number}"))]);
        }

        Assert.Equal(1, _world.Store.Reads);
    }

    [Fact]
    public async Task A_video_that_was_registered_elsewhere_is_known_to_the_next_question()
    {
        Assert.Equal("kittens", await _world.Unknown(Kittens));
        _world.Clock.Advance(KnownShard.Pace);

        await _world.Write(Kittens);

        Assert.Equal("", await _world.Unknown(Kittens));
    }

    [Fact]
    public async Task A_removed_video_is_unknown_ten_seconds_later_at_the_latest_and_its_row_is_read_once_a_minute()
    {
        await _world.Write(Kittens);
        Assert.Equal("", await _world.Unknown(Kittens));
        await _world.Write(Kittens, isKnown: false);

        _world.Clock.Advance(KnownShard.BelievedFor + TimeSpan.FromSeconds(1));
        Assert.Equal("kittens", await _world.Unknown(Kittens));
        for (var times = 0; times < 10; times++)
        {
            _world.Clock.Advance(KnownShard.UnknownFor / 11);
            Assert.Equal("kittens", await _world.Unknown(Kittens));
        }

        Assert.Equal(2, _world.Store.Reads);
        _world.Clock.Advance(KnownShard.UnknownFor);
        Assert.Equal("kittens", await _world.Unknown(Kittens));
        Assert.Equal(3, _world.Store.Reads);
    }

    [Fact]
    public async Task A_removed_video_that_is_registered_again_is_known_again_at_once()
    {
        await _world.Write(Kittens, isKnown: false);
        Assert.Equal("kittens", await _world.Unknown(Kittens));
        _world.Clock.Advance(KnownShard.Pace);

        await _world.Write(Kittens);

        Assert.Equal("", await _world.Unknown(Kittens));
    }

    [Fact]
    public async Task A_read_that_began_before_a_registration_says_nothing_against_the_video()
    {
        await _world.Write(Kittens, isKnown: false);
        var held = new TaskCompletionSource();
        _world.Store.Answers = held.Task;
        var before = _world.Unknown(Kittens);
        await Eventually(() => _world.Store.Reads == 1);

        await _world.Write(Kittens);
        var after = _world.Unknown(Kittens);
        held.SetResult();

        Assert.Equal("kittens", await before);
        Assert.Equal("", await after);
    }

    [Fact]
    public async Task What_was_read_before_a_change_was_heard_is_not_remembered()
    {
        await _world.Write(Kittens);
        await _world.Unknown(SameShard(Kittens)[0]);
        var held = new TaskCompletionSource();
        _world.Store.Answers = held.Task;
        var reading = _world.Unknown(Kittens);
        await Eventually(() => _world.Store.Reads == 1);
        await _world.Write(Kittens, isKnown: false);
        _world.Clock.Advance(KnownShard.Pace);
        await _world.Unknown(SameShard(Kittens)[1]); // So the change is heard while the row is on its way.
        held.SetResult();
        Assert.Equal("", await reading);

        Assert.Equal("kittens", await _world.Unknown(Kittens));
    }

    [Fact]
    public async Task Questions_that_come_together_share_one_call_and_a_shard_is_asked_five_times_a_second_at_most()
    {
        var ids = SameShard(Kittens);
        var held = new TaskCompletionSource();
        _world.Answers = held.Task;
        var first = _world.Unknown(ids[0]);
        await Eventually(() => _world.Asked == 1);
        var others = ids.Skip(1).Select(id => _world.Unknown(id)).ToList(); // They came after the first call had begun.
        held.SetResult();
        await first;
        await _world.Clock.IsAwaited(KnownShard.Pace, Stop);
        Assert.False(others[0].IsCompleted);

        _world.Clock.Advance(KnownShard.Pace);
        await Task.WhenAll(others);

        Assert.Equal(2, _world.Asked);
    }

    [Fact]
    public async Task While_shards_are_silent_what_was_known_stays_known_and_of_others_nobody_can_say()
    {
        await _world.Write(Kittens);
        Assert.Equal("", await _world.Unknown(Kittens));
        _world.Silence = new SiloUnavailableException("It is dead.");
        _world.Clock.Advance(TimeSpan.FromHours(1));

        Assert.Null(await _world.Unknown(Kittens)); // It may have been removed in this hour, as far as anybody knows yet.
        Assert.Equal("", await _world.Unknown(Kittens));
        _world.Clock.Advance(KnownShard.Pace);
        Assert.Null(await _world.Unknown(SameShard(Kittens)[0]));

        _world.Silence = null;
        _world.Clock.Advance(KnownShard.Pace);
        Assert.Equal("invented", (await _world.Unknown(SameShard(Kittens)[0]))![..8]);
        _world.Clock.Advance(KnownShard.BelievedFor * 2);
        Assert.Equal("", await _world.Unknown(Kittens));
    }

    [Fact]
    public async Task A_shard_that_does_not_answer_at_all_is_given_up_after_five_seconds_and_asked_again()
    {
        _world.Answers = new TaskCompletionSource().Task;
        var question = _world.Unknown(Kittens);
        await Eventually(() => _world.Asked == 1);
        _world.Clock.Advance(KnownVideos.Patience);
        Assert.Null(await question);

        _world.Answers = Task.CompletedTask;
        Assert.Equal("kittens", await _world.Unknown(Kittens));
    }

    [Fact]
    public async Task While_the_storage_is_away_nobody_can_say_of_a_video_that_was_not_met_before()
    {
        await _world.Write(Kittens);
        await _world.Write(Puppies);
        Assert.Equal("", await _world.Unknown(Puppies));
        _world.Store.Answers = new TaskCompletionSource().Task;
        await Eventually(() => _world.Instance.IsKnown("puppies"u8));

        var question = _world.Unknown(Kittens);
        await Eventually(() => _world.Store.Reads == 2);
        _world.Clock.Advance(KnownVideos.Patience);

        Assert.Null(await question);
        Assert.Equal("", await _world.Unknown(Puppies));
        _world.Store.Answers = Task.CompletedTask;
        Assert.Equal("", await _world.Unknown(Kittens));
    }

    [Fact]
    public async Task A_shard_that_has_lost_its_memory_knows_what_the_table_knows()
    {
        await _world.Write(Kittens);
        Assert.Equal("puppies", await _world.Unknown(Kittens, Puppies));
        _world.Forget(Puppies);
        await _world.Write(Puppies, isTold: false);
        _world.Clock.Advance(KnownShard.Pace);

        Assert.Equal("", await _world.Unknown(Puppies));
    }

    [Fact]
    public async Task Who_has_missed_more_changes_than_are_kept_hears_everything()
    {
        await _world.Unknown(Kittens);
        foreach (var video in Rows.VideosOf(Shard.Of(Kittens)).Take(ShardKnown.ChangesMax + 1)) await _world.Write(video);
        var told = _world.ToldAll;

        _world.Clock.Advance(KnownShard.Pace);
        Assert.Equal("", await _world.Unknown([.. Rows.VideosOf(Shard.Of(Kittens)).Take(ShardKnown.ChangesMax + 1)]));
        Assert.Equal(told + 1, _world.ToldAll);

        await _world.Write(Kittens);
        _world.Clock.Advance(KnownShard.Pace);
        Assert.Equal("", await _world.Unknown(Kittens));
        Assert.Equal(told + 1, _world.ToldAll);
    }

    [Fact]
    public async Task What_is_remembered_is_bounded_and_what_is_forgotten_is_read_again()
    {
        using var world = new KnownWorld(videosRemembered: Shard.Count * 2);
        VideoId[] videos = [.. Rows.VideosOf(Shard.Of(Kittens)).Take(100)];
        foreach (var video in videos) await world.Write(video);

        for (var times = 1; times <= 2; times++)
        {
            foreach (var video in videos) Assert.Equal("", await world.Unknown(video));
            Assert.Equal(100 * times, world.Store.Reads);
        }
    }

    private static VideoId[] SameShard(VideoId video) => [.. Rows.VideosOf(Shard.Of(video), "invented-").Take(10)];

    private static async Task Eventually(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        for (; !condition(); patience.Token.ThrowIfCancellationRequested()) await Task.Yield();
    }
}
