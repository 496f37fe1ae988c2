using System.Globalization;
using System.Net.Http.Json;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Cli.Commands;
using Orleans.Counter.Dev;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Recount;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;
using Orleans.Counter.Tests.Azure.River;
using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Recount;

/// <summary>The log is read again from what Capture has written and from the hub, beside whoever reads it; and rows that somebody has changed are found and repaired, all in processes of their own.</summary>
[Collection(nameof(RiverCollection))]
public sealed class RecountRiverTests(Azurite azurite) : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("devhub-recount-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task What_is_captured_and_what_is_not_yet_is_read_once_and_in_order_beside_a_reader_that_owns_the_partition()
    {
        var account = await azurite.NewAccount();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 30, TimeSpan.Zero));
        var options = new DevHubOptions { DataDirectory = _data, Port = 0, TimeProvider = time, Capture = new() { ConnectionString = account.ConnectionString, Container = "captured" } };
        options.Hubs["events"] = 2;
        await using var server = await DevHub.StartAsync(options, Token);
        var connection = EventHubConnectionOptions.FromConnectionString(server.ConnectionString, "events");
        await using var hub = new AmqpEventHub(connection, TimeProvider.System, NullLogger<AmqpEventHub>.Instance);
        await using var again = new AmqpEventHub(connection with { ConsumerGroup = "recount" }, TimeProvider.System, NullLogger<AmqpEventHub>.Instance);
        await using var owner = hub.OpenReader("1", EventPosition.Earliest, ownerLevel: 3);
        var capture = account.Captured(new() { Container = "captured", Namespace = "devhub" });
        for (var number = 0; number < 30; number++)
        {
            await hub.Send("1", new(new[] { (byte)number }), Token);
            if (number % 10 != 9) continue;
            time.Advance(TimeSpan.FromMinutes(6));
            if (number < 20) await Eventually.Answers(async token => (await capture.List("events", 1, token)).Count, count => count > number / 10);
        }

        for (var left = 30; left > 0;) left -= (await owner.Receive(100, Token)).Count;
        var properties = await hub.GetProperties(Token);
        var log = new LogIdentity();
        log.Is(LogRow.FromBeginning("events", properties.CreatedAt, 2, era: 0));
        List<byte> read = [];
        var missing = await new RawLog(capture, new LogAgain(again), log, time).Read(
            Shard.All.First(shard => shard.Partition(2) == 1), time.GetUtcNow().AddHours(-1), time.GetUtcNow(), Position.Of(0, 28), message => read.Add(message.Body.Span[0]), Token);

        Assert.Empty(missing);
        Assert.Equal(Enumerable.Range(0, 29).Select(number => (byte)number), read);
        await hub.Send("1", new(new byte[] { 99 }), Token);
        Assert.Equal(99, Assert.Single(await owner.Receive(100, Token)).Body.Span[0]); // It is still there.
    }

    [Fact]
    public async Task A_row_that_somebody_has_changed_is_found_and_repaired()
    {
        await using var counter = await LocalCounter.StartAsync(partitions: 2);
        using var sent = await counter.Http.PostAsJsonAsync("/v1/events", new { events = Enumerable.Range(0, 20).Select(number => new { videoId = "kittens", id = $"e{number}" }) }, Token);
        sent.EnsureSuccessStatusCode();
        await Eventually.Answers(token => Count(counter, token), count => count == 20);
        await counter.StopAsync();
        await counter.StartAgainAsync();
        var video = VideoId.Parse("kittens");
        var table = new TableServiceClient(counter.ConnectionString("azurite")).GetTableClient(TableLayout.Table(Shard.Of(video)));
        var row = RowCodec.DecodeVideo((await table.GetEntityAsync<TableEntity>(TableLayout.PartitionKey(Shard.Of(video)), TableLayout.VideoKey(video), cancellationToken: Token)).Value);
        var wrong = row with { Open = [.. row.Open.Select(hour => hour with { Cells = [.. hour.Cells.Select(cell => cell with { Cell = Cell.Plain(7) })] })], Totals = [new(EventType.View, Cell.Plain(7))] };
        await table.UpsertEntityAsync(RowCodec.Encode(wrong), TableUpdateMode.Replace, Token);
        Assert.Equal(7, await Count(counter, Token));

        using var said = new StringWriter();
        var now = DateTimeOffset.UtcNow;
        var (from, to) = (now.AddHours(-1).ToString("yyyy-MM-ddTHH:mm'Z'", CultureInfo.InvariantCulture), now.AddMinutes(2).ToString("yyyy-MM-ddTHH:mm'Z'", CultureInfo.InvariantCulture));
        Assert.Equal(0, await RecountCommand.Run(counter.Http, "kittens", from, to, repair: true, TimeProvider.System, said, Token));

        Assert.Equal(20, await Count(counter, Token));
        Assert.Contains("recounted 20", said.ToString(), StringComparison.Ordinal);
    }

    private static async Task<long> Count(LocalCounter counter, CancellationToken cancellationToken) =>
        (await counter.Http.GetFromJsonAsync<Dictionary<string, System.Text.Json.JsonElement>>("/v1/videos/kittens/count", cancellationToken))!["count"].GetInt64();
}
