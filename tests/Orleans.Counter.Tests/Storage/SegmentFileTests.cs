using System.Globalization;
using CsCheck;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

/// <summary>Segments as bytes: what is written is read, whole or by its parts, and what was damaged is refused.</summary>
public sealed class SegmentFileTests
{
    private static readonly EventType Watch = EventType.Parse("watch_seconds");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_is_written_is_read_as_it_was() => await Segments.Days.SampleAsync(
        async days =>
        {
            var (bytes, sums) = await Write(days);
            var footer = await Footer(bytes);

            Assert.Equal(days.Texts(), (await Whole(footer, bytes)).Texts());
            Assert.Equal(sums, footer.Sums);
            Assert.Equal(new(days.Sum(day => day.Hours.Sum(hour => hour.Cells.Count)), days.Sum(day => day.Hours.Sum(hour => hour.Total.Count))), sums);
        },
        iter: 100);

    [Fact]
    public async Task Every_video_is_whole_in_the_one_part_that_the_footer_names_and_no_part_is_named_for_one_that_is_not_there()
    {
        List<SegmentDay> days = [.. Segments.Videos.SelectMany(video => Types(video.Value.Length).Select(type => Segments.Full(video, type, minute => Cell.Plain(minute + 1))))];
        var (bytes, sums) = await Write(days);
        var footer = await Footer(bytes);

        Assert.True(footer.Parts.Count > 3);
        Assert.All(footer.Parts.SkipLast(1), part => Assert.InRange(part.Rows, SegmentFile.PartRows, SegmentFile.PartRowsMax));
        Assert.Equal(days.Count * Minute.PerDay, sums.Rows);
        foreach (var video in Segments.Videos)
        {
            var found = await footer.Decode(footer.Find(video)!, Bytes(bytes, footer.Find(video)!));
            Assert.Equal(days.Where(day => day.Video == video).Texts(), found.Where(day => day.Video == video).Texts());
        }

        Assert.Null(footer.Find(VideoId.Parse("-")));
        Assert.Null(footer.Find(VideoId.Parse("z")));
        Assert.Equal(days.Texts(), (await Whole(footer, bytes)).Texts());

        static IEnumerable<EventType> Types(int number) => Enumerable.Range(0, number).Select(type => EventType.Parse($"type{type}"));
    }

    [Fact]
    public async Task The_widest_video_that_there_can_be_is_one_part_and_within_its_bounds()
    {
        var types = Enumerable.Range(10, EventType.PerVideoMax).Select(number => EventType.Parse($"t{number}")).ToList();
        var random = new Random(1);
        var days = types.Select(type => Segments.Full(Segments.Videos[0], type, _ => new(random.NextInt64(1, long.MaxValue / 100_000), random.NextDouble(), random.NextDouble(), random.NextDouble()))).ToList();

        var (bytes, _) = await Write(days);

        var footer = await Footer(bytes);
        Assert.Equal(EventType.PerVideoMax * Minute.PerDay, Assert.Single(footer.Parts).Rows);
        Assert.Equal(days.Texts(), (await Whole(footer, bytes)).Texts());
    }

    [Fact]
    public async Task A_segment_is_the_same_bytes_whoever_writes_it() => await Segments.Days.SampleAsync(
        async days => Assert.Equal((await Write(days)).Bytes, (await Write(days)).Bytes), iter: 50);

    [Fact]
    public async Task What_is_not_sorted_stands_twice_is_empty_or_is_of_another_day_is_not_written()
    {
        SegmentDay one = Segments.Day(Segments.Videos[0], EventType.View, [(0, Cell.Plain(1))]), other = one with { Video = Segments.Videos[1] };

        await Refuses(other, one);
        await Refuses(one, one);
        await Refuses(one with { Hours = [] });
        await Refuses(one, other.Moved(1));
        await Refuses(one with { Video = Segments.VideosOf(new(3)).First() });

        static Task Refuses(params SegmentDay[] days) => Assert.ThrowsAsync<ArgumentException>(() => Write(days));
    }

    [Fact]
    public async Task A_segment_that_was_damaged_anywhere_is_refused_by_name()
    {
        List<SegmentDay> days = [.. Segments.Videos.Take(12).Select((video, i) => Segments.Day(video, EventType.View, [(i, Cell.Plain(i + 1)), (700 + i, Cell.One(i / 7d))]))];
        var (bytes, _) = await Write(days);

        // The mark at its beginning is not read: who has the footer knows what it is.
        await Gen.Select(Gen.Int[4, bytes.Length - 1], Gen.Int[0, 7], Gen.Bool).SampleAsync(
            async (at, bit, isCut) =>
            {
                var damaged = isCut ? bytes[..at] : [.. bytes];
                if (!isCut) damaged[at] ^= (byte)(1 << bit);

                var refusal = await Assert.ThrowsAsync<InvalidDataException>(async () => await Whole(await Footer(damaged), damaged));

                Assert.Contains("minutes/date=2026-11-23/group=a/minutes.parquet", refusal.Message, StringComparison.Ordinal);
            },
            iter: 2_000);
    }

    [Fact]
    public async Task A_segment_of_another_group_or_day_is_refused()
    {
        var (bytes, _) = await Write([Segments.Day(Segments.Videos[0], EventType.View, [(0, Cell.Plain(1))])]);

        await Assert.ThrowsAsync<InvalidDataException>(() => Read(Segments.Some with { Day = Segments.Some.Day.AddDays(1) }));
        await Assert.ThrowsAsync<InvalidDataException>(() => Read(Segments.Some with { Group = new(0xb) }));
        await Read(Segments.Some);

        async Task Read(SegmentId id)
        {
            var footer = await SegmentFooter.Read(id, bytes.Length, End(id, bytes));
            await footer.Decode(footer.Parts[0], Bytes(bytes, footer.Parts[0]));
        }
    }

    [Fact]
    public async Task A_minute_of_a_video_takes_as_many_bytes_as_the_documentation_says()
    {
        var random = new Random(1);
        List<SegmentDay> views = [], watched = [];
        foreach (var video in Segments.Videos)
        {
            views.Add(Segments.Full(video, EventType.View, _ => Cell.Plain(random.Next(1, 100))));
            watched.Add(Segments.Full(video, Watch, _ => Enumerable.Range(0, 20).Select(_ => Cell.One(Math.Round(random.NextDouble() * 600, 1))).Aggregate((sum, one) => sum + one)));
        }

        var seldom = Segments.VideosOf(Segments.Some.Group).Take(20_000).OrderBy(video => video.Value, StringComparer.Ordinal)
            .Select(video => Segments.Day(video, EventType.View, [(random.Next(Minute.PerDay), Cell.Plain(random.Next(1, 100)))])).ToList();

        Assert.Equal(["2.4 hot, 2.7 cold", "26.4 hot, 8.0 cold", "75.3 hot, 10.2 cold"], [await BytesPerRow(views), await BytesPerRow(watched), await BytesPerRow(seldom)]);

        static async Task<string> BytesPerRow(List<SegmentDay> days)
        {
            var (bytes, sums) = await Write(days);
            return string.Create(CultureInfo.InvariantCulture, $"{days.Sum(RowBytes) / (double)sums.Rows:f1} hot, {bytes.Length / (double)sums.Rows:f1} cold");
        }

        // As Azure counts a row: its keys and the names of its columns in UTF-16, eight bytes for each column, and four more for binary ones.
        static long RowBytes(SegmentDay day)
        {
            var row = RowCodec.Encode(new DayRow(day.Video, day.Type, Segments.Some.Day, day.Hours, IsChanged: false));
            return 4 + (2L * (row.PartitionKey.Length + row.RowKey.Length)) + row.Where(column => column.Value is byte[]).Sum(column => 8 + (2 * column.Key.Length) + 4 + ((byte[])column.Value).Length);
        }
    }

    private static async Task<(byte[] Bytes, SegmentSums Sums)> Write(IEnumerable<SegmentDay> days)
    {
        using var output = new MemoryStream();
        var sums = await SegmentFile.Write(Segments.Some, days, output, Token);
        return (output.ToArray(), sums);
    }

    private static Task<SegmentFooter> Footer(byte[] bytes) => SegmentFooter.Read(Segments.Some, bytes.Length, End(Segments.Some, bytes));

    private static ReadOnlyMemory<byte> End(SegmentId id, byte[] bytes) => bytes.AsMemory()[^SegmentFooter.LengthOf(id, bytes.Length, bytes)..];

    private static ReadOnlyMemory<byte> Bytes(byte[] bytes, SegmentPart part) => bytes.AsMemory((int)part.Offset, part.Length);

    private static async Task<List<SegmentDay>> Whole(SegmentFooter footer, byte[] bytes)
    {
        List<SegmentDay> days = [];
        foreach (var part in footer.Parts) days.AddRange(await footer.Decode(part, Bytes(bytes, part)));
        return days;
    }
}
