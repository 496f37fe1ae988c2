using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Commands;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

/// <summary><c>counter recount</c>, asked of a service.</summary>
public sealed class RecountCommandTests
{
    private static readonly DateTimeOffset Now = Minute.Of(DateTimeOffset.UtcNow).Start;
    private static readonly VideoId Kittens = VideoId.Parse("kittens");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_differs_is_shown_and_repaired_and_the_exit_code_says_whether_all_is_well()
    {
        await using var cluster = await CounterCluster.Start();
        await using var api = await ApiInstance.Start(cluster);
        using var http = new HttpClient { BaseAddress = api.Address };
        using var said = new StringWriter();
        cluster.Send(new Event(Kittens, Now.AddMinutes(-3)));
        await cluster.Stored();
        cluster.Store.Damage(Kittens, hour => hour with { Cells = [.. hour.Cells.Select(cell => cell with { Cell = Cell.Plain(4) })] });
        await cluster.Forget(Kittens);

        Assert.Equal(1, await Run(repair: false));
        Assert.Equal(0, await Run(repair: true));
        Assert.Equal(0, await Run(repair: false));
        cluster.HubAgain.Begin = 1;
        Assert.Equal(1, await Run(repair: true));
        var wrong = await Assert.ThrowsAsync<CommandFailedException>(() => RecountCommand.Run(http, "kittens", "today", "tomorrow", false, TimeProvider.System, said, Stop));

        Assert.Contains($"{Now.AddMinutes(-3):yyyy-MM-ddTHH:mmZ}  view  counted 4, recounted 1, difference -3, repaired", said.ToString(), StringComparison.Ordinal);
        Assert.Contains("done: counted 1, recounted 1, difference 0; 0 minutes differ, 0 are repaired.", said.ToString(), StringComparison.Ordinal);
        Assert.Contains("The log is missing from ", said.ToString(), StringComparison.Ordinal);
        Assert.Contains("400 invalid_range: ", wrong.Message, StringComparison.Ordinal);

        Task<int> Run(bool repair) => RecountCommand.Run(http, "kittens", $"{Now.AddHours(-2):yyyy-MM-ddTHH:mmZ}", $"{Now:yyyy-MM-ddTHH:mmZ}", repair, TimeProvider.System, said, Stop);
    }
}
