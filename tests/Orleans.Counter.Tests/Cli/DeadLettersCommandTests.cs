using Orleans.Counter.Cli;
using Orleans.Counter.Cli.Commands;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

/// <summary><c>counter deadletters</c>, asked of a service.</summary>
public sealed class DeadLettersCommandTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Letters_are_listed_shown_replayed_and_deleted()
    {
        await using var cluster = await CounterCluster.Start();
        await using var api = await ApiInstance.Start(cluster);
        using var http = new HttpClient { BaseAddress = api.Address };
        using var said = new StringWriter();
        await DeadLettersCommand.List(http, said, Stop);
        cluster.Send(new Event(VideoId.Parse("kittens"), DateTimeOffset.UtcNow.AddDays(-9)));
        await cluster.Stored();
        var id = $"{Shard.Of(VideoId.Parse("kittens")).Partition(CounterCluster.Partitions)}.0000000000000001-time";

        await DeadLettersCommand.List(http, said, Stop);
        await DeadLettersCommand.Show(http, id, said, Stop);
        await DeadLettersCommand.Replay(http, id, said, Stop);
        var again = await Assert.ThrowsAsync<CommandFailedException>(() => DeadLettersCommand.Replay(http, id, said, Stop));
        await DeadLettersCommand.Delete(http, id, said, Stop);
        var gone = await Assert.ThrowsAsync<CommandFailedException>(() => DeadLettersCommand.Show(http, id, said, Stop));

        var lines = said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("There are no dead letters.", lines[0].TrimEnd());
        Assert.StartsWith($"{id}  out_of_time  1 events  waiting  set aside 2026-11-23", lines[1], StringComparison.Ordinal);
        Assert.Contains("\"videoId\": \"kittens\"", said.ToString(), StringComparison.Ordinal);
        Assert.Equal([$"{id}: 1 events are counted.", $"{id} is deleted."], lines[^2..].Select(line => line.TrimEnd()));
        Assert.Contains("409 already_replayed: ", again.Message, StringComparison.Ordinal);
        Assert.Contains("404 not_found: ", gone.Message, StringComparison.Ordinal);
    }
}
