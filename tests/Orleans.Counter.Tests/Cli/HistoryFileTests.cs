using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Import;
using Orleans.Counter.Client;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

public sealed class HistoryFileTests
{
    private static readonly DateTimeOffset Noon = new(2019, 3, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly EventType Watch = EventType.Parse("watch");

    [Theory]
    [InlineData("videoId,type,timestamp,count,sum,min,max\nkittens,view,2019-03-31T12:00:00Z,5,,,\n\nkittens,watch,2019-03-31T14:01+02:00,2,1.5,0.5,1\n")]
    [InlineData("count, max, min, sum, timestamp, type, videoId\n\"5\",,,,\"2019-03-31T12:00:00Z\",view,kittens\r\n\r\n2, 1, 0.5, 15e-1, 2019-03-31T12:01:00Z, watch, kittens")]
    [InlineData("{\"videoId\":\"kittens\",\"type\":\"view\",\"timestamp\":\"2019-03-31T12:00:00Z\",\"count\":5}\n\n{\"max\":1,\"min\":0.5,\"sum\":1.5,\"count\":2,\"timestamp\":\"2019-03-31T12:01:00Z\",\"type\":\"watch\",\"videoId\":\"kittens\"}")]
    public void A_line_is_a_minute_in_either_form(string text)
    {
        HistoryMinute[] expected = [new(Kittens, EventType.View, Noon, 5), new(Kittens, Watch, Noon.AddMinutes(1), 2, 1.5, 0.5, 1)];

        var read = HistoryFile.Read(new StringReader(text), "a file").ToList();

        Assert.Equal(expected, read.Select(one => one.Minute with { Minute = one.Minute.Minute.ToUniversalTime() }));
        Assert.Equal(text[0] is '{' ? [1, 3] : [2, 4], read.Select(one => one.Line));
    }

    [Theory]
    [InlineData("", "a file is empty")]
    [InlineData("videoId,type,timestamp\n", "line 1: The first line names the columns videoId, type, timestamp, count")]
    [InlineData("videoId,type,timestamp,count,count\n", "line 1: The first line")]
    [InlineData("videoId,type,timestamp,count,title\n", "line 1: nobody knows a column 'title'")]
    [InlineData("kittens,view,2019-03-31T12:00:00Z,5", "line 1: nobody knows a column 'kittens'")]
    [InlineData("videoId,type,timestamp,count\nkittens,view,2019-03-31T12:00:00Z", "line 2: 3 columns instead of 4")]
    [InlineData("videoId,type,timestamp,count\nkit tens,view,2019-03-31T12:00:00Z,1", "line 2, videoId: 'kit tens'")]
    [InlineData("videoId,type,timestamp,count\nkittens,View,2019-03-31T12:00:00Z,1", "line 2, type: 'View'")]
    [InlineData("videoId,type,timestamp,count\nkittens,view,2019-03-31T12:00:30Z,1", "line 2, timestamp: '2019-03-31T12:00:30Z'")]
    [InlineData("videoId,type,timestamp,count\nkittens,view,2019-03-31T12:00:00,1", "line 2, timestamp:")]
    [InlineData("videoId,type,timestamp,count\nkittens,view,2019-03-31T12:00:00Z,-1", "line 2, count: '-1'")]
    [InlineData("videoId,type,timestamp,count\nkittens,view,2019-03-31T12:00:00Z,", "line 2, count: it is missing")]
    [InlineData("videoId,type,timestamp,count,sum\nkittens,view,2019-03-31T12:00:00Z,1,x", "line 2, sum: 'x'")]
    [InlineData("{\"videoId\":\"kittens\"}\n[]", "line 1, type: it is missing")]
    [InlineData("{\"videoId\":7}", "line 1: 'videoId' is 7; it is a string")]
    [InlineData("{\"count\":\"7\"}", "line 1: 'count' is \"7\"; it is a number")]
    [InlineData("{\"title\":\"x\"}", "line 1: nobody knows a member 'title'")]
    [InlineData("{\"count\":7,\"count\":7}", "line 1: ")]
    public void A_line_that_is_wrong_is_named(string text, string message) =>
        Assert.Contains(message, Assert.Throws<CommandFailedException>(() => HistoryFile.Read(new StringReader(text), "a file").Count()).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_does_not_exist_is_a_mistake_that_is_named() =>
        Assert.Contains("cannot be read", Assert.Throws<CommandFailedException>(() => HistoryFile.Read(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString())).Count()).Message, StringComparison.Ordinal);
}
