using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Storage;

/// <summary>The store of the service, in a storage that is real.</summary>
public sealed class BlobSegmentStoreTests(Azurite azurite) : SegmentStoreContract
{
    private const string Name = "minutes/date=2026-11-23/group=a/minutes.parquet";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_video_of_a_segment_whose_footer_is_known_is_one_request_and_the_first_one_at_most_three()
    {
        var account = await azurite.NewAccount();
        await using var road = new BlobRoad(account);
        await road.Open();
        var store = await road.Account.Segments();
        var large = await (await account.Segments()).Write(Segments.Some, Large(), null, Token);
        await (await account.Segments()).Write(Segments.Some with { Day = Segments.Some.Day.AddDays(1) }, Small(1).Select(day => day.Moved(1)), null, Token);
        Assert.True(large.Bytes > 300_000, $"It has only {large.Bytes} bytes: the test would show nothing.");

        Assert.Equal(3, await Requests(() => store.ReadDay(Segments.Videos[3], EventType.View, Segments.Some.Day, Token)));
        Assert.Equal(1, await Requests(() => store.ReadDay(Segments.Videos[^1], EventType.View, Segments.Some.Day, Token)));
        Assert.Equal(1, await Requests(() => store.ReadDay(Segments.Videos[3], EventType.View, Segments.Some.Day, Token)));
        Assert.Equal(1, await Requests(() => store.ReadDay(Segments.Videos[3], EventType.View, Segments.Some.Day.AddDays(1), Token)));
        Assert.Equal(1, await Requests(() => store.ReadDay(NotThere(), EventType.View, Segments.Some.Day, Token)));
        Assert.Equal(1, await Requests(() => store.ReadDay(Segments.Videos[0], EventType.View, Segments.Some.Day.AddDays(-1), Token)));

        async Task<int> Requests(Func<ValueTask<IReadOnlyList<HourCells>>> read)
        {
            var before = road.Requests;
            await read();
            return road.Requests - before;
        }

        static VideoId NotThere() => Segments.VideosOf(Segments.Some.Group).First(video => string.CompareOrdinal(video.Value, Segments.Videos[^1].Value) > 0 && !Segments.Videos.Contains(video));
    }

    [Fact]
    public async Task A_segment_that_is_replaced_between_two_reads_of_it_is_read_anew_and_parts_of_two_are_never_mixed()
    {
        var account = await azurite.NewAccount();
        await using var road = new BlobRoad(account);
        await road.Open();
        var (store, other) = (await road.Account.Segments(), await account.Segments());
        var segment = await other.Write(Segments.Some, Large(1), null, Token);
        var written = 1;
        road.Meanwhile = async request =>
        {
            if (request % 2 is 0 || written == 4) return;
            segment = await other.Write(Segments.Some, Large(++written), segment, Token);
        };

        var hours = await store.ReadDay(Segments.Videos[20], EventType.View, Segments.Some.Day, Token);

        Assert.Equal(4, written);
        Assert.All(hours.SelectMany(hour => hour.Cells), cell => Assert.Equal(4, cell.Cell.Count % 10));
        Assert.Equal(Minute.PerDay, hours.Sum(hour => hour.Cells.Count));
    }

    [Fact]
    public async Task A_segment_that_is_replaced_while_it_is_read_whole_is_refused()
    {
        var account = await azurite.NewAccount();
        await using var road = new BlobRoad(account);
        await road.Open();
        var (store, other) = (await road.Account.Segments(), await account.Segments());
        var segment = await other.Write(Segments.Some, Large(), null, Token);
        var read = 0;

        await Assert.ThrowsAsync<StaleWriterException>(async () =>
        {
            await foreach (var day in store.Read(segment, Token))
                if (read++ == 0) await other.Write(Segments.Some, Small(1), segment, Token);
        });

        Assert.InRange(read, 1, Segments.Videos.Length - 1);
    }

    [Fact]
    public async Task A_segment_whose_answer_is_lost_is_known_as_our_own()
    {
        await using var road = new BlobRoad(await azurite.NewAccount(), write => write is 1 or 2 or 4);
        await road.Open();
        var store = await road.Account.Segments();

        var first = await store.Write(Segments.Some, Small(1), null, Token);
        var second = await store.Write(Segments.Some, Small(2), first, Token);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.Write(Segments.Some, Small(3), first, Token));

        Assert.True(road.Lost >= 2);
        Assert.Equal(second, await store.Find(Segments.Some, Token));
    }

    [Fact]
    public async Task A_segment_of_many_megabytes_goes_in_blocks_and_stands_whole_or_not_at_all()
    {
        var account = await azurite.NewAccount();
        await using var road = new BlobRoad(account);
        await road.Open();
        var (store, other) = (await road.Account.Segments(), await account.Segments());

        var written = await store.Write(Segments.Some, Wide(90), null, Token);

        Assert.True(written.Bytes > 9 << 20, $"It has only {written.Bytes} bytes: the test would show nothing.");
        var rows = 0L;
        await foreach (var day in store.Read(written, Token)) rows += day.Sums.Rows;
        Assert.Equal(written.Rows, rows);

        // Somebody else writes while the blocks are on their way: they are gone, and nothing of them can be seen.
        Segment? between = null;
        road.Meanwhile = async _ => between ??= await other.Write(Segments.Some, Small(1), written, Token);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.Write(Segments.Some, Wide(60), written, Token));
        Assert.Equal(between, await store.Find(Segments.Some, Token));
    }

    [Fact]
    public async Task A_blob_that_is_damaged_is_refused_by_name()
    {
        var account = await azurite.NewAccount();
        var store = await account.Segments();
        var written = await store.Write(Segments.Some, Small(2), null, Token);
        var blob = account.Blobs.GetBlobContainerClient("cold").GetBlobClient(Name);
        var bytes = (await blob.DownloadContentAsync(Token)).Value.Content.ToArray();
        bytes[^20] ^= 1;
        await blob.UploadAsync(new BinaryData(bytes), overwrite: true, Token);

        var refusal = await Assert.ThrowsAsync<InvalidDataException>(async () => await store.ReadDay(Segments.Videos[0], EventType.View, Segments.Some.Day, Token));
        Assert.Contains(Name, refusal.Message, StringComparison.Ordinal);
        refusal = await Assert.ThrowsAsync<InvalidDataException>(async () => await store.Find(Segments.Some, Token));
        Assert.Contains(Name, refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StaleWriterException>(async () => await store.Read(written, Token).CountAsync(Token));
        await blob.UploadAsync(new BinaryData(Array.Empty<byte>()), overwrite: true, Token);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await store.ReadDay(Segments.Videos[0], EventType.View, Segments.Some.Day, Token));
    }

    [Fact]
    public async Task The_blob_says_what_it_is_and_where_it_is_kept()
    {
        var account = await azurite.NewAccount();
        var store = await account.Segments();
        var written = await store.Write(Segments.Some, Small(2), null, Token);

        await store.Cool(Segments.Some, SegmentTier.Cool, Token);

        var properties = (await account.Blobs.GetBlobContainerClient("cold").GetBlobClient(Name).GetPropertiesAsync(cancellationToken: Token)).Value;
        Assert.Equal(("application/vnd.apache.parquet", "Cool", written.Bytes), (properties.ContentType, properties.AccessTier, properties.ContentLength));
        Assert.Equal((written.Rows, written.Count), (long.Parse(properties.Metadata["rows"], System.Globalization.CultureInfo.InvariantCulture), long.Parse(properties.Metadata["count"], System.Globalization.CultureInfo.InvariantCulture)));
    }

    private protected override async ValueTask<ISegmentStore> NewStore() => await (await azurite.NewAccount()).Segments();

    private static IEnumerable<SegmentDay> Small(int count) => Segments.Videos.Select(video => Segments.Day(video, EventType.View, [(count, Cell.Plain(count))]));

    /// <summary>Some hundred kilobytes in a few parts, in which every count ends with the same digit.</summary>
    private static IEnumerable<SegmentDay> Large(int digit = 1)
    {
        var random = new Random(digit);
        return Segments.Videos.Select(video => Segments.Full(video, EventType.View, _ => new((random.NextInt64(1, 1_000_000) * 10) + digit, random.Next(1, 1_000_000), 1, 7)));
    }

    private static IEnumerable<SegmentDay> Wide(int videos)
    {
        var random = new Random(7);
        var some = Segments.VideosOf(Segments.Some.Group).Take(videos).OrderBy(video => video.Value, StringComparer.Ordinal);
        return some.SelectMany(video => Enumerable.Range(0, 4).Select(type => Segments.Full(video, EventType.Parse($"type{type}"), _ => new(random.NextInt64(1, 1L << 40), random.NextDouble(), random.NextDouble(), random.NextDouble()))));
    }
}
