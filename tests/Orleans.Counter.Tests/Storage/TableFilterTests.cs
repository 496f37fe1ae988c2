using System.Text.RegularExpressions;
using Xunit;

namespace Orleans.Counter.Tests.Storage;

/// <summary>A value in a table's filter is quoted by the library, never by us: a text with a quotation mark in it could ask for other rows.</summary>
public sealed partial class TableFilterTests
{
    [Fact]
    public void No_filter_is_put_together_by_hand()
    {
        var filters = 0;
        foreach (var (path, text) in Repository.Sources("src"))
        {
            filters += Quoted().Count(text);
            Assert.False(Filter().IsMatch(Quoted().Replace(text, "")), $"{path} has a filter that TableClient.CreateQueryFilter has not made.");
        }

        Assert.True(filters > 3);
    }

    [GeneratedRegex("""CreateQueryFilter\(\s*\$"[^"]*"\)""")]
    private static partial Regex Quoted();

    [GeneratedRegex("""\b[A-Z]\w+ (eq|ne|gt|ge|lt|le) ['{\\]""")]
    private static partial Regex Filter();
}
