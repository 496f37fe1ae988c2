using System.Text.RegularExpressions;
using Orleans.Counter.Http;
using Orleans.Counter.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Http;

/// <summary>Codes are for machines: what the sources emit is what the list has, and a test waits for each.</summary>
public sealed partial class ProblemCodeTests
{
    private static readonly IReadOnlyList<(string Path, string Text)> Service = [.. Repository.Sources("src", "Orleans.Counter.Service")];

    [Fact]
    public void The_list_has_exactly_the_codes_that_the_sources_emit()
    {
        var emitted = Service.Where(source => !source.Path.EndsWith("ProblemCodes.cs", StringComparison.Ordinal)).SelectMany(source => Emission().Matches(source.Text)).Select(match => match.Groups["code"].Value);

        Assert.Equal(ProblemCodes.All.Keys.Order(StringComparer.Ordinal), emitted.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_code_is_waited_for_by_a_test()
    {
        var tests = Repository.Sources("tests", "Orleans.Counter.Tests").Where(source => !source.Path.EndsWith("ApiContract.cs", StringComparison.Ordinal)).Select(source => source.Text).ToList();

        foreach (var code in ProblemCodes.All.Keys.Concat(EventRules.Codes)) Assert.True(tests.Exists(test => Regex.IsMatch(test, $"""["\s]{code}["',]""")), $"No test waits for {code}.");
    }

    // As the sources write it: a status, or one of the helpers that know theirs, and then the code.
    [GeneratedRegex("""(?:\bOf\(\s*(?:StatusCodes\.\w+|status),\s*|\bnew\(StatusCodes\.\w+,\s*|\bWrong\(|\bConflict\(|\bTryLater\(response,\s*)"(?<code>[a-z_]+)"[,)]""")]
    private static partial Regex Emission();
}
