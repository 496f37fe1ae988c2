using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

/// <summary>Footers that are kept: as many as fit, and those that were used last.</summary>
public sealed class SegmentFootersTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_one_that_was_not_used_for_longest_goes_first_and_no_more_bytes_are_kept_than_may_be()
    {
        var some = await Known(1);
        var footers = new SegmentFooters(some.Footer.Bytes * 3);
        for (var number = 1; number <= 3; number++) footers.Keep(await Known(number));

        Assert.NotNull(footers.Find(some.Id));
        footers.Keep(await Known(4));

        Assert.NotNull(footers.Find(some.Id));
        Assert.Null(footers.Find((await Known(2)).Id));
        Assert.InRange(footers.Bytes, 1, some.Footer.Bytes * 3);
    }

    [Fact]
    public async Task Only_the_footer_that_is_out_of_date_is_forgotten_and_not_the_one_that_took_its_place()
    {
        var (first, second) = (await Known(1), await Known(1) with { Version = "2" });
        var footers = new SegmentFooters(1 << 20);
        footers.Keep(first);
        footers.Keep(second);

        footers.Forget(first);
        Assert.Same(second, footers.Find(first.Id));
        Assert.Equal(second.Footer.Bytes, footers.Bytes);
        footers.Forget(second);

        Assert.Null(footers.Find(first.Id));
        Assert.Equal(0, footers.Bytes);
    }

    [Fact]
    public async Task A_footer_that_is_larger_than_all_that_may_be_kept_is_not_kept()
    {
        var footers = new SegmentFooters(100);

        footers.Keep(await Known(1));

        Assert.Equal(0, footers.Bytes);
    }

    private static async Task<SegmentFooters.Known> Known(int number)
    {
        var id = Segments.Some with { Day = Segments.Some.Day.AddDays(number) };
        using var output = new MemoryStream();
        await SegmentFile.Write(id, [Segments.Day(Segments.Videos[0], EventType.View, [(0, Cell.Plain(1))]).Moved(number)], output, Token);
        var bytes = output.ToArray();
        return new(id, "1", await SegmentFooter.Read(id, bytes.Length, bytes.AsMemory()[^SegmentFooter.LengthOf(id, bytes.Length, bytes)..]));
    }
}
