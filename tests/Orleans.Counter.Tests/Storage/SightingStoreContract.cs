using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

/// <summary>What every store of sightings promises.</summary>
public abstract class SightingStoreContract
{
    private static readonly DateTimeOffset Created = new(2026, 11, 23, 7, 30, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_written_is_read_again()
    {
        var store = await NewStore();
        var delta = new SightingDelta(Stretch(2, 106_000_000, 10, 20, follows: 105_999_999), Created, new ulong[] { ulong.MaxValue, 1, 1 });

        await store.Write(delta, Token);

        var read = await store.Read(delta.Stretch, Token);
        Assert.Equal((delta.Stretch, delta.HubCreatedAt), (read!.Stretch, read.HubCreatedAt));
        Assert.Equal(delta.Ids.ToArray(), read.Ids.ToArray());
    }

    [Fact]
    public async Task A_stretch_in_which_nothing_was_seen_is_kept_too()
    {
        var store = await NewStore();
        var delta = new SightingDelta(Stretch(0, 1, -1, 0, SightingStretch.LogBegins), Created, default);

        await store.Write(delta, Token);

        Assert.Empty((await store.Read(delta.Stretch, Token))!.Ids.ToArray());
    }

    [Fact]
    public async Task A_partition_lists_its_own_stretches_in_the_order_of_the_log()
    {
        var store = await NewStore();
        SightingStretch[] stretches =
        [
            Stretch(2, 9, -1, 4, SightingStretch.LogBegins), Stretch(2, 9, 4, 70), Stretch(2, 9, 70, 71), Stretch(2, 106_000_000, 71, 900, follows: 9), Stretch(2, 106_000_000, 80, 900),
        ];
        foreach (var stretch in stretches.Reverse().Append(Stretch(20, 9, 0, 1)).Append(Stretch(3, 9, 0, 1))) await store.Write(new(stretch, Created, default), Token);

        Assert.Equal(stretches, await store.List(2, Token));
        Assert.Empty(await store.List(1, Token));
    }

    [Fact]
    public async Task The_same_stretch_again_takes_the_place_of_the_first()
    {
        var (store, stretch) = (await NewStore(), Stretch(0, 5, 0, 9));
        await store.Write(new(stretch, Created, new ulong[] { 1 }), Token);
        await store.Write(new(stretch, Created.AddDays(1), new ulong[] { 2, 3 }), Token);

        Assert.Equal([stretch], await store.List(0, Token));
        Assert.Equal([2, 3], (await store.Read(stretch, Token))!.Ids.ToArray());
    }

    [Fact]
    public async Task What_is_deleted_is_gone_and_may_be_deleted_again()
    {
        var (store, stretch) = (await NewStore(), Stretch(0, 5, 0, 9));
        await store.Write(new(stretch, Created, default), Token);

        await store.Delete(stretch, Token);
        await store.Delete(stretch, Token);

        Assert.Empty(await store.List(0, Token));
        Assert.Null(await store.Read(stretch, Token));
    }

    private protected abstract ValueTask<ISightingStore> NewStore();

    private static SightingStretch Stretch(int partition, long generation, long after, long through, long? follows = null) =>
        new(partition, generation, Position.Of(3, after), Position.Of(3, through), follows);
}
