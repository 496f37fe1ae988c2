using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

/// <summary>What every store of segments promises, asked of each of them in the same words.</summary>
public abstract class SegmentStoreContract
{
    private static readonly EventType Like = EventType.Parse("like");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Where_there_is_no_segment_nothing_is_found_and_nothing_was_counted()
    {
        var store = await NewStore();

        Assert.Null(await store.Find(Segments.Some, Token));
        Assert.Empty(await store.ReadDay(Segments.Videos[0], EventType.View, Segments.Some.Day, Token));
        await store.Cool(Segments.Some, SegmentTier.Cold, Token);
    }

    [Fact]
    public async Task A_segment_comes_back_as_it_was_written_whole_and_by_video_and_type()
    {
        var store = await NewStore();
        var days = Some(3);

        var written = await store.Write(Segments.Some, days, null, Token);

        Assert.Equal(written, await store.Find(Segments.Some, Token));
        Assert.Equal(days.Aggregate(new SegmentSums(), (sums, day) => sums + day.Sums), new SegmentSums(written.Rows, written.Count));
        Assert.Equal(days.Texts(), await Whole(store, written));
        foreach (var day in days) Assert.Equal(day.Hours.Select(Gens.Text), (await store.ReadDay(day.Video, day.Type, Segments.Some.Day, Token)).Select(Gens.Text));
        Assert.Empty(await store.ReadDay(Segments.Videos[0], EventType.Parse("share"), Segments.Some.Day, Token));
        Assert.Empty(await store.ReadDay(Segments.Videos[^1], EventType.View, Segments.Some.Day, Token));
        Assert.Empty(await store.ReadDay(Segments.Videos[0], EventType.View, Segments.Some.Day.AddDays(1), Token));
    }

    [Fact]
    public async Task A_segment_is_written_in_place_of_what_was_found_and_of_nothing_else()
    {
        var store = await NewStore();
        var first = await store.Write(Segments.Some, Some(1), null, Token);
        Assert.NotEmpty(await store.ReadDay(Segments.Videos[0], EventType.View, Segments.Some.Day, Token));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.Write(Segments.Some, Some(2), null, Token));

        var second = await store.Write(Segments.Some, Some(2), first, Token);

        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.Write(Segments.Some, Some(3), first, Token));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.Write(Segments.Some with { Group = new(3) }, [], first with { Id = Segments.Some with { Group = new(3) } }, Token));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await Whole(store, first));
        Assert.Equal(Some(2).Texts(), await Whole(store, second));
        Assert.NotEmpty(await store.ReadDay(Segments.Videos[1], Like, Segments.Some.Day, Token));
    }

    [Fact]
    public async Task A_segment_may_come_to_hold_nothing()
    {
        var store = await NewStore();

        var empty = await store.Write(Segments.Some, [], await store.Write(Segments.Some, Some(1), null, Token), Token);

        Assert.Equal((0, 0), (empty.Rows, empty.Count));
        Assert.Equal(empty, await store.Find(Segments.Some, Token));
        Assert.Empty(await Whole(store, empty));
        Assert.Empty(await store.ReadDay(Segments.Videos[0], EventType.View, Segments.Some.Day, Token));
    }

    [Fact]
    public async Task A_segment_that_was_moved_to_where_storing_costs_less_is_read_as_before()
    {
        var store = await NewStore();
        var written = await store.Write(Segments.Some, Some(2), null, Token);

        await store.Cool(Segments.Some, SegmentTier.Cool, Token);
        await store.Cool(Segments.Some, SegmentTier.Cold, Token);

        Assert.Equal(Some(2).Texts(), await Whole(store, written));
        await store.Write(Segments.Some, Some(1), await store.Find(Segments.Some, Token), Token);
    }

    /// <summary>A store that holds nothing.</summary>
    private protected abstract ValueTask<ISegmentStore> NewStore();

    private static List<SegmentDay> Some(int videos) =>
        [.. Segments.Videos.Take(videos).SelectMany((video, i) => new[] { Segments.Day(video, Like, [(i, Cell.One(2.5))]), Segments.Day(video, EventType.View, [(0, Cell.Plain(i + 1)), (1439, Cell.Plain(7))]) })];

    private static async Task<List<string>> Whole(ISegmentStore store, Segment segment)
    {
        List<string> days = [];
        await foreach (var day in store.Read(segment, Token)) days.Add(day.Text());
        return days;
    }
}
