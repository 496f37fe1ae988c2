using Orleans.Counter.Counting;
using Orleans.Counter.Tests.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Known;

/// <summary>What a shard says of its videos.</summary>
public sealed class ShardKnownTests
{
    private static readonly Shard Shard = new(7);
    private static readonly VideoId[] Videos = [.. Rows.VideosOf(Shard).Take(2_100)];

    private readonly Microsoft.Extensions.Time.Testing.FakeTimeProvider _clock = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_says_everything_once_and_then_what_has_changed()
    {
        var (store, known) = await New(Videos[..2]);

        var all = await known.Ask(null, 0);
        known.Changed(Videos[2]);
        known.Changed(Videos[0]);
        var changed = await known.Ask(all.Seed, all.Changes);
        var nothing = await known.Ask(changed.Seed, changed.Changes);

        Assert.Equal([true, true, false], Held(all, Videos[..3]));
        Assert.Equal((all.Seed, null), (changed.Seed, changed.Filter));
        Assert.Equal([Videos[2], Videos[0]], changed.Changed);
        Assert.Empty(nothing.Changed);
        Assert.Equal([true, true, true], Held(await known.Ask(all.Seed + 1, 0), Videos[..3]));
        Assert.Equal(2, store.Pages);
    }

    [Fact]
    public async Task A_video_that_is_counted_for_the_first_time_is_a_change_and_one_that_is_counted_again_is_none()
    {
        var (_, known) = await New(Videos[..1]);
        var all = await known.Ask(null, 0);

        foreach (var video in Videos[..2]) known.Stored(video);
        foreach (var video in Videos[..2]) known.Stored(video);

        Assert.Equal([Videos[1]], (await known.Ask(all.Seed, all.Changes)).Changed);
    }

    [Fact]
    public async Task What_is_registered_or_counted_while_the_keys_are_read_is_inside()
    {
        var (store, known) = await New(Videos[..5]);
        var held = new TaskCompletionSource();
        store.Answers = held.Task;
        var asking = known.Ask(null, 0);

        known.Changed(Videos[10]);
        known.Stored(Videos[11]);
        held.SetResult();

        Assert.Equal([true, true, true], Held(await asking, Videos[4], Videos[10], Videos[11]));
    }

    [Fact]
    public async Task Every_hour_the_keys_are_read_again_beside_the_questions()
    {
        var (store, known) = await New(Videos[..1]);
        var first = await known.Ask(null, 0);
        await store.CommitVideo(Rows.Of(Videos[1].Value, 1), null, [], Stop); // And nobody said it.
        _clock.Advance(ShardKnown.AgeMax + TimeSpan.FromMinutes(1));
        var held = new TaskCompletionSource();
        store.Answers = held.Task;

        Assert.Equal((first.Seed, null), Shown(await known.Ask(first.Seed, 0)));
        known.Changed(Videos[2]);
        held.SetResult();

        var second = await known.Ask(first.Seed, 0);
        Assert.NotEqual(first.Seed, second.Seed);
        Assert.Equal([true, true, true], Held(second, Videos[..3]));
    }

    [Fact]
    public async Task A_filter_that_cannot_be_made_anew_is_not_believed_for_ever()
    {
        var (store, known) = await New(Videos[..1]);
        var first = await known.Ask(null, 0);
        store.Answers = Task.FromException(new InvalidDataException("A key is none of ours."));

        _clock.Advance(2 * ShardKnown.AgeMax);
        await known.Ask(first.Seed, 0);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<InvalidDataException>(() => known.Ask(first.Seed, 0));

        store.Answers = Task.CompletedTask;
        Assert.Equal([true], Held(await known.Ask(first.Seed, 0), Videos[0]));
    }

    [Fact]
    public async Task It_grows_with_its_videos()
    {
        var (_, known) = await New([]);
        var small = (await known.Ask(null, 0)).Filter!.Length;
        foreach (var video in Videos) known.Changed(video);
        await known.Ask(null, 0);
        var (_, other) = await New(Videos);

        Assert.Equal(512, small);
        Assert.Equal(8192, (await other.Ask(null, 0)).Filter!.Length);
    }

    [Fact]
    public async Task One_that_overflows_is_made_anew_and_larger()
    {
        var (store, known) = await New([]);
        var small = await known.Ask(null, 0);
        foreach (var video in Videos)
        {
            await store.CommitVideo(Rows.Of(video.Value, 1), null, [], Stop);
            known.Changed(video);
        }

        await known.Ask(small.Seed, 0);
        var large = await known.Ask(small.Seed, 0);

        Assert.Equal(8192, large.Filter!.Length);
        Assert.All(Held(large, Videos), Assert.True);
    }

    private static (long, byte[]?) Shown(KnownNews news) => (news.Seed, news.Filter);

    private static IEnumerable<bool> Held(KnownNews news, params VideoId[] videos)
    {
        var filter = new VideoFilter(news.Seed, news.Filter);
        return videos.Select(video => filter.MayHold(filter.Hash(video)));
    }

    private async Task<(ListedStore, ShardKnown)> New(VideoId[] videos)
    {
        var store = new ListedStore();
        foreach (var video in videos) await store.CommitVideo(Rows.Of(video.Value, 1), null, [], Stop);
        return (store, new(Shard, store, 1 << 20, _clock));
    }

    /// <summary>Keys that are handed out when the test wants it.</summary>
    private sealed class ListedStore : MemoryCountStore
    {
        public int Pages { get; private set; }

        public Task Answers { get; set; } = Task.CompletedTask;

        public override async ValueTask<IReadOnlyList<VideoId>> ReadVideos(Shard shard, VideoId? after, CancellationToken cancellationToken)
        {
            Pages++;
            var page = await base.ReadVideos(shard, after, cancellationToken);
            await Answers;
            return page;
        }
    }
}
