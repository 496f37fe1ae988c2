using System.Globalization;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

/// <summary>What every box of dead letters promises.</summary>
public abstract class DeadLetterBoxContract
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_letter_is_read_as_it_was_added()
    {
        var (letters, box) = await New();
        await letters.Add(new("3/000000000000002a-time", "out_of_time", "Schöne Grüße: 100 % 'zu spät'.", 17, new byte[] { 0, 1, 255 }), Token);

        var letter = (await box.Read("3/000000000000002a-time", Token))!.Row;

        Assert.Equal(("out_of_time", "Schöne Grüße: 100 % 'zu spät'.", 17, 3), (letter.Head.Reason, letter.Head.Detail, letter.Head.EventCount, letter.Head.Bytes));
        Assert.Equal([0, 1, 255], letter.Body.ToArray());
        Assert.Equal(default, letter.Head.Replay);
        Assert.Null(await box.Read("3/000000000000002b", Token));
    }

    [Fact]
    public async Task Letters_are_listed_in_order_page_by_page_each_once()
    {
        var (letters, box) = await New();
        var ids = Enumerable.Range(0, 7).Select(number => string.Create(CultureInfo.InvariantCulture, $"{number % 3}/{number:x16}")).ToList();
        foreach (var id in ids) await letters.Add(new(id, "undecodable", id, 1, new byte[] { 1 }), Token);

        List<LetterHead> listed = [];
        string? cursor = null;
        do
        {
            var page = (await box.List(cursor, 3, Token))!;
            Assert.InRange(page.Letters.Count, 1, 3);
            listed.AddRange(page.Letters);
            cursor = page.Next;
        }
        while (cursor is not null);

        Assert.Equal(ids.Order(StringComparer.Ordinal), listed.Select(letter => letter.Id));
        Assert.All(listed, letter => Assert.Equal((letter.Id, "undecodable", 1L, 1L), (letter.Detail, letter.Reason, letter.EventCount, letter.Bytes)));
    }

    [Fact]
    public async Task An_empty_box_has_one_page_with_nothing_in_it()
    {
        var page = (await (await New()).Box.List(null, 10, Token))!;

        Assert.Empty(page.Letters);
        Assert.Null(page.Next);
    }

    [Fact]
    public async Task A_mark_stays_also_when_the_letter_is_added_again_and_changes_nothing_else()
    {
        var (letters, box) = await New();
        var letter = new DeadLetter("0/0000000000000001", "undecodable", "é", 5, new byte[] { 7 });
        await letters.Add(letter, Token);
        var read = (await box.Read(letter.Id, Token))!;

        var begun = await box.Mark(read.Row, new(Noon, null), read.Version, Token);
        await letters.Add(letter, Token);
        var done = await box.Mark(read.Row, new(Noon, Noon.AddSeconds(1.25)), begun, Token);

        var stands = (await box.Read(letter.Id, Token))!;
        Assert.Equal((new LetterReplay(Noon, Noon.AddSeconds(1.25)), done), (stands.Row.Head.Replay, stands.Version));
        Assert.Equal(read.Row.Head with { Replay = stands.Row.Head.Replay }, stands.Row.Head);
        Assert.Equal([7], stands.Row.Body.ToArray());
        Assert.Equal(stands.Row.Head, Assert.Single((await box.List(null, 10, Token))!.Letters));
    }

    [Fact]
    public async Task Of_two_marks_on_the_same_version_one_stands_and_the_other_is_refused()
    {
        var (letters, box) = await New();
        await letters.Add(new("0/0000000000000001", "undecodable", "", 1, new byte[] { 7 }), Token);
        var read = (await box.Read("0/0000000000000001", Token))!;

        var marks = await Task.WhenAll(Enumerable.Range(0, 4).Select(number => Record.ExceptionAsync(async () => await box.Mark(read.Row, new(Noon.AddMinutes(number), null), read.Version, Token)).AsTask()));

        Assert.Single(marks, failure => failure is null);
        Assert.Equal(3, marks.Count(failure => failure is StaleWriterException));
    }

    [Fact]
    public async Task A_letter_that_was_thrown_away_is_gone_and_cannot_be_marked()
    {
        var (letters, box) = await New();
        await letters.Add(new("0/0000000000000001", "undecodable", "", 1, new byte[] { 7 }), Token);
        var read = (await box.Read("0/0000000000000001", Token))!;

        Assert.True(await box.Delete("0/0000000000000001", Token));
        Assert.False(await box.Delete("0/0000000000000001", Token));

        Assert.Null(await box.Read("0/0000000000000001", Token));
        await Assert.ThrowsAsync<StaleWriterException>(async () => await box.Mark(read.Row, new(Noon, null), read.Version, Token));
        Assert.Empty((await box.List(null, 10, Token))!.Letters);
    }

    private protected abstract ValueTask<(IDeadLetterStore Letters, IDeadLetterBox Box)> New();
}
