using System.Text.RegularExpressions;
using Orleans.Counter.Cli.Chaos;
using Orleans.Counter.Cli.Processes;
using Orleans.Counter.Tests.Azure.River;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Chaos;

/// <summary><c>counter load</c> and <c>counter chaos</c> as a user runs them: in processes of their own.</summary>
[Collection(nameof(RiverCollection))]
public sealed partial class ChaosTests : IDisposable
{
    private static readonly bool Long = Environment.GetEnvironmentVariable("COUNTER_LONG") is "1";

    private readonly string _output = Path.GetTempFileName();

    public void Dispose() => File.Delete(_output);

    [Fact]
    public async Task A_minute_of_chaos_ends_with_every_event_counted_once()
    {
        var (minutes, rate) = Long ? (10, 5_000) : (1, 500);

        var (exit, said) = await Counter("chaos", "--minutes", $"{minutes}", "--rate", $"{rate}", "--seed", "3");

        Assert.True(exit is 0, said);
        Assert.Matches("Accepted ([0-9,]+), counted \\1: 0 missing, 0 extra, 0 minutes differ.", said);
        Assert.DoesNotContain("are kept in", said, StringComparison.Ordinal);
        var done = Faults().Matches(said).Select(fault => fault.Groups["kind"].Value).ToHashSet();
        Assert.All(Enum.GetValues<FaultKind>(), kind => Assert.Contains(FaultInjector.Words(kind), done));
    }

    [Fact]
    public async Task A_load_finds_the_one_event_that_somebody_else_has_counted()
    {
        await using var counter = await LocalCounter.StartAsync();
        string[] load = ["load", "--minutes", "0.05", "--rate", "200", "--videos", "10", "--url", $"{counter.Url}"];

        var (exit, said) = await Counter(load);
        Assert.True(exit is 0, said);

        // Its videos are named when it begins: whoever knows the first one can count one more for it.
        var (second, alsoSaid) = await Counter(load, async video =>
        {
            using var answer = await counter.Http.PostAsync($"/v1/videos/{video}/views", null, TestContext.Current.CancellationToken);
            Assert.True(answer.IsSuccessStatusCode);
        });
        Assert.True(second is 1, alsoSaid);
        Assert.Contains("0 missing, 1 extra, 1 minutes differ.", alsoSaid, StringComparison.Ordinal);
    }

    private async Task<(int Exit, string Said)> Counter(string[] arguments, Func<string, Task>? meanwhile = null)
    {
        await File.WriteAllTextAsync(_output, "");
        using var process = ChildProcess.Start(
            new() { Role = "counter", Program = Tool.Dotnet(), Arguments = [LocalCounter.Program, .. arguments], Announcement = "Videos are named " }, _output);
        try
        {
            if (meanwhile is not null) await meanwhile((await process.Announced.WaitAsync(TimeSpan.FromMinutes(1))).Split(' ')[0]);
            var exit = await process.Exited.WaitAsync(TimeSpan.FromMinutes(Long ? 25 : 10), TestContext.Current.CancellationToken);
            return (exit.Code, await File.ReadAllTextAsync(_output));
        }
        finally
        {
            await process.Stop(); // in order, with everything that it has started
        }
    }

    private Task<(int Exit, string Said)> Counter(params string[] arguments) => Counter(arguments, null);

    [GeneratedRegex("  [1-9][0-9]* x (?<kind>[^,\r\n]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Faults();
}
