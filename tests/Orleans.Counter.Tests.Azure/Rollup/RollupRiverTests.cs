using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Counter.Cli.Rollups;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Azure.River;
using Orleans.Counter.Tests.Azure.Storage;
using Orleans.Counter.Tests.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Rollup;

/// <summary>Rollup as a user runs it: silos in processes of their own, which are killed, and reminders in the table.</summary>
[Collection(nameof(RiverCollection))]
public sealed class RollupRiverTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Days_that_were_changed_long_ago_come_into_segments_and_leave_the_table_whoever_is_killed_meanwhile()
    {
        await using var local = await LocalCounter.StartAsync(silos: 2, settings: [("Rollup__Every", "00:01:00")]);
        var options = Options.Create(new StorageOptions { ConnectionString = local.ConnectionString("azurite") });
        var patience = new Patience(TimeProvider.System, new PatienceLog());
        var instruments = new StorageInstruments(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
        TableCountStore counts = new(options, patience, instruments);
        TableRollupStore rollups = new(options, patience);
        BlobSegmentStore segments = new(options, patience, instruments);
        var today = DateOnly.FromDateTime(DateTime.UtcNow);
        DateOnly[] days = [today.AddDays(-60), today.AddDays(-45)];
        var videos = Enumerable.Range(0, 256).Select(shard => Rows.VideosOf(new(shard)).First()).ToList();
        foreach (var video in videos) await Change(counts, video, days);

        local.KillSilo(2);
        await local.SiloRunsAgainAsync(2);
        await Eventually.Answers(_ => Notes(), notes => notes == 0, Patience);
        local.KillSilo(1);
        await local.SiloRunsAgainAsync(1);

        foreach (var shard in Shard.All) Assert.Null(await rollups.FirstDay(shard, Token));
        foreach (var day in days)
        {
            Assert.Equal(256 * 7, (await Task.WhenAll(Group.All.Select(group => segments.Find(new(day, group), Token).AsTask()))).Sum(segment => segment!.Count));
            foreach (var video in videos.Take(20)) Assert.Equal(7, (await segments.ReadDay(video, EventType.View, day, Token)).Sum(hour => hour.Total.Count));
        }

        using var output = new StringWriter();
        await Eventually.Answers(_ => new RollupTable(local.Http, output).Show(days: 1, json: false, Token), code => code == 0, Patience);
        Assert.Contains($"{today.AddDays(-31):yyyy-MM-dd}", output.ToString(), StringComparison.Ordinal);
        Assert.Contains($"{days[1]:yyyy-MM-dd}", output.ToString(), StringComparison.Ordinal);

        // They are taken away last.
        async Task<int> Notes()
        {
            var notes = 0;
            foreach (var shard in Shard.All) notes += (await rollups.ReadChanged(shard, Token)).Count;
            return notes;
        }
    }

    /// <summary>As a correction of old days does.</summary>
    private static async Task Change(TableCountStore counts, VideoId video, DateOnly[] days)
    {
        RowVersion? version = null;
        foreach (var day in days)
        {
            HourCells[] hours = [Rows.Hour(EventType.View, TableLayout.FirstHourOf(day) + 5, 3, 4)];
            var stands = await counts.ReadMonth(video, EventType.View, TableLayout.MonthOf(day), Token);
            var month = (stands?.Row ?? new(video, EventType.View, TableLayout.MonthOf(day), new Dictionary<int, IReadOnlyList<QuarterCell>>())).With(day, QuarterCell.Of(hours));
            version = await counts.CommitVideo(new(Rows.Of(video.Value, 1), [], Whole: new(month, stands?.Version, [(new(video, EventType.View, day, hours, IsChanged: true), null)])), version, Token);
        }
    }
}
