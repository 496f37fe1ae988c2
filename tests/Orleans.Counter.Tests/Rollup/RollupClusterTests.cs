using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Counter.Counting;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Rollup;
using Orleans.Counter.Storage;
using Orleans.Counter.Streaming;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.Counter.Tests.Rollup;

/// <summary>The grains of rollup in silos of this process: from events on the hub to segments, woken by reminders.</summary>
public sealed class RollupClusterTests : IAsyncDisposable
{
    private static readonly VideoId[] Videos = [.. Enumerable.Range(0, 40).Select(number => VideoId.Parse($"v{number}"))];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly JumpingClock _clock = new();
    private readonly MemoryCountStore _store;
    private readonly MemorySegmentStore _segments = new();
    private readonly MemoryHub _hub;

    public RollupClusterTests()
    {
        _store = new(_clock);
        _hub = new(2, _clock);
    }

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_counted_from_the_log_is_archived_by_a_reminder_and_its_rows_are_deleted()
    {
        await using var cluster = await Start(silos: 1);
        var day = await CountSomething();

        _clock.Jump(TimeSpan.FromDays(40));

        await _store.Until(store => Group.All.All(group => store.GroupOf(group)?.RetiredThrough >= day), Patience);
        Assert.Equal(Videos.Length * 3, _segments.Segments.Sum(segment => segment.Count));
        Assert.Empty(_store.Days);
        Assert.All(_store.Videos, video => Assert.Empty(video.Open));
        foreach (var video in Videos) Assert.Equal(3, (await _segments.ReadDay(video, EventType.View, day, Token)).Sum(hour => hour.Total.Count));
    }

    [Fact]
    public async Task Who_asks_for_a_run_joins_the_one_that_is_under_way_and_the_report_says_how_far_every_group_is()
    {
        await using var cluster = await Start(silos: 1, every: TimeSpan.FromDays(1));
        var day = await CountSomething();
        _clock.Jump(TimeSpan.FromDays(20));

        foreach (var group in Group.All)
        {
            var grain = cluster.Client.GetGrain<IRollupGrain>(group.ToString());
            var states = await Task.WhenAll(grain.Run(Token).AsTask(), grain.Run(Token).AsTask());
            Assert.All(states, state => Assert.Equal((false, null, null), (state.IsRunning, state.Failure, state.HeldBack)));
        }

        var report = await new RollupReport(cluster.Client, _store, TimeSpan.FromDays(7), _clock).Ask(recent: 1, Token);
        Assert.Equal("0123456789abcdef", string.Concat(report.Groups.Select(group => group.Group)));
        Assert.All(report.Groups, group => Assert.Equal((DateOnly.FromDateTime(_clock.GetUtcNow().UtcDateTime).AddDays(-9), 0), (group.ArchivedThrough, group.DaysLate)));
        Assert.Equal(Videos.Length * 3, report.Groups.Sum(group => group.Count));
        Assert.All(report.Groups.Where(group => group.Days > 0), group => Assert.Equal(day, Assert.Single(group.Recent).Day));
    }

    [Fact]
    public async Task A_run_that_fails_says_why_and_the_next_one_goes_on()
    {
        await using var cluster = await Start(silos: 1, every: TimeSpan.FromDays(1));
        await CountSomething();
        _clock.Jump(TimeSpan.FromDays(20));
        var grain = cluster.Client.GetGrain<IRollupGrain>(Group.Of(Videos[0]).ToString());

        _hub.Down = EventHubsFailure.Communication;
        var failed = await grain.Run(Token);
        _hub.Down = null;
        var done = await grain.Run(Token);

        Assert.NotNull(failed.Failure);
        Assert.Null(done.Failure);
        Assert.NotEmpty(_segments.Segments);
    }

    /// <returns>The day that holds it, when all of it is stored.</returns>
    private async Task<DateOnly> CountSomething()
    {
        var now = _clock.GetUtcNow();
        var time = new DateTimeOffset(now.UtcDateTime.Date.AddDays(-1).AddHours(10), TimeSpan.Zero);
        foreach (var partition in Videos.GroupBy(video => Shard.Of(video).Partition(2)))
            _hub.Append(partition.Key.ToString(CultureInfo.InvariantCulture), Events.Frame([.. partition.SelectMany(video => Enumerable.Range(0, 3).Select(minute => new Event(video, time.AddMinutes(minute * 20))))]).Data());
        await _store.Until(store => store.Videos.Count == Videos.Length && Shard.All.All(shard => store.CheckpointOf(shard)?.Position >= Position.Of(0, 0)));
        return DateOnly.FromDateTime(time.UtcDateTime);
    }

    private async Task<InProcessTestCluster> Start(short silos, TimeSpan? every = null)
    {
        var builder = new InProcessTestClusterBuilder(silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) => silo.UseInMemoryReminderService());
        builder.ConfigureSiloHost((_, host) =>
        {
            host.Services.AddSingleton<ICountStore>(_store).AddSingleton<IRollupStore>(_store).AddSingleton<ISegmentStore>(_segments).AddSingleton<IDeadLetterStore>(new MemoryDeadLetters());
            host.Services.AddSingleton<ISightingStore>(new MemorySightings()).AddSingleton<IEventHub>(_hub).AddSingleton<TimeProvider>(_clock);
            host.AddAcceptance().AddStreaming().AddCounting().AddRollup();
            host.Services.Configure<CountingOptions>(options => options.CheckpointEvery = TimeSpan.FromMilliseconds(200));
            host.Services.Configure<ReminderOptions>(options =>
            {
                options.MinimumReminderPeriod = TimeSpan.FromMilliseconds(100);
                options.RefreshReminderListPeriod = TimeSpan.FromSeconds(1);
            });
            host.Services.PostConfigure<RollupOptions>(options => options.Every = every ?? TimeSpan.FromSeconds(1));
            host.Services.RemoveAll<IValidateOptions<RollupOptions>>(); // Nobody who is not in a hurry rings every second.
            host.Services.Configure<EventHubReceiverOptions>(StreamNames.Provider, options =>
            {
                options.Beat = TimeSpan.FromMilliseconds(100);
                options.Linger = TimeSpan.FromMilliseconds(5);
                options.Gather = TimeSpan.FromMilliseconds(20);
                options.RetryAfter = TimeSpan.FromMilliseconds(100);
            });
        });
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }
}
