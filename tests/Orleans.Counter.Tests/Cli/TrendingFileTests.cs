using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Import;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

public sealed class TrendingFileTests
{
    [Fact]
    public void Columns_are_found_by_name_and_titles_may_hold_anything()
    {
        const string text = "likes,title,views,date,video_id\n7,\"a, \"\"b\"\"\nc\",10,2017-09-13,-x_\n\n8,ü,20,2017-09-14,y\n";

        Assert.Equal(
            [new(VideoId.Parse("-x_"), new(2017, 9, 13), 10, 7), new(VideoId.Parse("y"), new(2017, 9, 14), 20, 8)],
            TrendingFile.Read(new StringReader(text), "file"));
    }

    [Theory]
    [InlineData("", "file is empty")]
    [InlineData("video_id,date,views\n", "line 1: the column 'likes' is missing")]
    [InlineData("video_id,date,views,likes\na,2017-09-13,1,1\nb,2017-09-13,many,1\n", "line 3, column views: 'many'")]
    [InlineData("video_id,date,views,likes\n\na,2017-09-13,1,-1\n", "line 3, column likes: '-1'")]
    [InlineData("video_id,date,views,likes\na,2017-09-13,1,1.5\n", "line 2, column likes: '1.5'")]
    [InlineData("video_id,date,views,likes\na,2017-09-13,1,1000000000001\n", "line 2, column likes: '1000000000001'")]
    [InlineData("video_id,date,views,likes\na,13.09.2017,1,1\n", "line 2, column date: '13.09.2017'")]
    [InlineData("video_id,date,views,likes\na b,2017-09-13,1,1\n", "line 2, column video_id: 'a b'")]
    [InlineData("video_id,date,views,likes\na,2017-09-13,1\n", "line 2: 3 columns instead of 4")]
    [InlineData("video_id,date,views,likes\na,2017-09-13,\"1\"2,1\n", "line 2: quotes do not match")]
    public void A_mistake_is_named_with_its_line_and_column(string text, string expected)
    {
        var failure = Assert.Throws<CommandFailedException>(() => TrendingFile.Read(new StringReader(text), "file").Count());

        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Assert.Contains("no-such.csv", Assert.Throws<CommandFailedException>(() => TrendingFile.Read("no-such.csv").Count()).Message, StringComparison.Ordinal);
}
