using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Counter.Cli.Commands;
using Orleans.Counter.Cli.Processes;
using Orleans.Counter.Cli.Rollups;
using Orleans.Counter.Client;
using Orleans.Counter.Rollup;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Azure.River;
using Orleans.Counter.Tests.Azure.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Rollup;

/// <summary>History as a user imports it, and rollup as it runs: a file, the command, reminders in the table, and silos in processes of their own that are killed.</summary>
[Collection(nameof(RiverCollection))]
public sealed class HistoryRiverTests : IDisposable
{
    private const int Videos = 120;
    private const int Days = 40;
    private const int MinutesADay = 3;

    private static readonly DateOnly First = new(2019, 2, 20); // Of three months, one of which has more days than a transaction sets.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly CounterClientOptions Patient = new() { RetriesMax = 200, RetryDelayMax = TimeSpan.FromSeconds(1), AttemptTimeout = TimeSpan.FromMinutes(2) };

    private readonly string _file = Path.GetTempFileName();
    private readonly StringWriter _output = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task A_file_of_history_is_inside_once_whoever_is_killed_meanwhile_and_ends_in_segments()
    {
        await using var local = await LocalCounter.StartAsync(silos: 2, settings: [("Rollup__Every", "00:01:00")]);
        using var http = new HttpClient { BaseAddress = local.Url, Timeout = TimeSpan.FromMinutes(5) };
        var client = new CounterClient(http, Patient);
        var expected = WriteFile();

        var importing = ImportCommand.RunHistory(_file, client, _output, Token);
        local.KillSilo(2);
        Assert.Equal(0, await importing);
        await local.SiloRunsAgainAsync(2);
        Assert.Equal(0, await ImportCommand.RunHistory(_file, client, _output, Token));
        Assert.Contains(" 0 were set, and", _output.ToString(), StringComparison.Ordinal);

        await Correct(http, "c", 7, First, 0, 1_000);
        using (var removed = await http.DeleteAsync("/v1/videos/history-8", Token)) removed.EnsureSuccessStatusCode();
        expected[(7, First)] += 1_000;
        foreach (var day in Enumerable.Range(0, Days)) expected.Remove((8, First.AddDays(day)));
        local.KillSilo(1); // Perhaps in the middle of a run.
        await local.SiloRunsAgainAsync(1);
        await InSegments();
        var today = DateOnly.FromDateTime(DateTime.UtcNow);
        using (var table = new StringWriter())
        {
            await Eventually.Answers(_ => new RollupTable(local.Http, table).Show(days: 1, json: false, Token), code => code == 0, Patience);
            Assert.Contains($"{today.AddDays(-9):yyyy-MM-dd}", table.ToString(), StringComparison.Ordinal); // sealed
            Assert.Contains($"{First.AddDays(Days - 1):yyyy-MM-dd}", table.ToString(), StringComparison.Ordinal);
        }

        await Correct(http, "d", 7, First, 0, -1_000); // Of a day that has no row any more.
        expected[(7, First)] -= 1_000;
        var minute = new HistoryMinute(Video(9), EventType.View, At(First, 0), 0);
        Assert.Equal((1, 0), await client.ImportHistoryAsync([minute], Token) is var set ? (set.DaysSet, set.DaysUnchanged) : default);
        expected[(9, First)] -= Count(9, 0, 0);
        await RollUp(local);
        await InSegments();

        async Task InSegments()
        {
            var options = Options.Create(new StorageOptions { ConnectionString = local.ConnectionString("azurite") });
            var patience = new Patience(TimeProvider.System, new PatienceLog());
            TableRollupStore rollups = new(options, patience);
            BlobSegmentStore segments = new(options, patience, new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>()));
            await Eventually.Answers(_ => Notes(rollups), notes => notes == 0, Patience);
            foreach (var shard in Shard.All) Assert.Null(await rollups.FirstDay(shard, Token));
            foreach (var ((video, day), count) in expected.Where(one => one.Key.Video is 7 or 8 or 9 or 10))
                Assert.Equal((video, day, count), (video, day, (await segments.ReadDay(Video(video), EventType.View, day, Token)).Sum(hour => hour.Total.Count)));
            var total = 0L;
            foreach (var day in Enumerable.Range(0, Days))
                foreach (var segment in await Task.WhenAll(Group.All.Select(group => segments.Find(new(First.AddDays(day), group), Token).AsTask()))) total += segment?.Count ?? 0;
            Assert.Equal(expected.Values.Sum(), total);
            foreach (var video in Enumerable.Range(0, Videos))
                Assert.Equal((video, expected.Where(one => one.Key.Video == video).Sum(one => one.Value)), (video, await client.CountAsync(Video(video), EventType.View, cancellationToken: Token)));
            Assert.Equal(0, (await client.AuditAsync(Token)).Difference);
        }
    }

    // Reminders have had their turn; nobody has to wait for the next.
    private static async Task RollUp(LocalCounter local)
    {
        var ports = JsonSerializer.Deserialize(await File.ReadAllTextAsync(Path.Combine(local.Data, "ports.json"), Token), LocalJson.Default.LocalPorts)!;
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleansClient(client => client.UseLocalhostClustering([.. ports.Silos.Select(silo => silo.Gateway)], serviceId: "counter", clusterId: "counter"));
        using var host = builder.Build();
        await host.StartAsync(Token);
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        await Task.WhenAll(Group.All.Select(group => grains.GetGrain<IRollupGrain>(group.ToString()).Run(Token).AsTask()));
        await host.StopAsync(Token);
    }

    private static VideoId Video(int number) => VideoId.Parse($"history-{number}");

    private static DateTimeOffset At(DateOnly day, int minute) => new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero).AddMinutes(minute * 421);

    private static long Count(int video, int day, int minute) => 1 + ((video * 31) + (day * 7) + minute) % 50;

    private static async Task Correct(HttpClient http, string id, int video, DateOnly day, int minute, long count)
    {
        using var answer = await http.PostAsJsonAsync("/v1/admin/corrections", new JsonObject { ["id"] = id, ["videoId"] = Video(video).Value, ["minute"] = At(day, minute), ["count"] = count, ["reason"] = "A test." }, Token);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<int> Notes(TableRollupStore rollups)
    {
        var notes = 0;
        foreach (var shard in Shard.All) notes += (await rollups.ReadChanged(shard, Token)).Count;
        return notes;
    }

    /// <returns>What every day of every video holds.</returns>
    private Dictionary<(int Video, DateOnly Day), long> WriteFile()
    {
        var lines = (from video in Enumerable.Range(0, Videos)
                     from day in Enumerable.Range(0, Days)
                     from minute in Enumerable.Range(0, MinutesADay)
                     select (Video: video, Day: First.AddDays(day), Time: At(First.AddDays(day), minute), Count: Count(video, day, minute))).ToArray();
        new Random(11).Shuffle(lines);
        File.WriteAllLines(_file, lines.Select(line => string.Create(CultureInfo.InvariantCulture, $"{Video(line.Video)},view,{line.Time:yyyy-MM-ddTHH:mmZ},{line.Count}")).Prepend("videoId,type,timestamp,count"));
        return lines.GroupBy(line => (line.Video, line.Day)).ToDictionary(day => day.Key, day => day.Sum(line => line.Count));
    }
}
