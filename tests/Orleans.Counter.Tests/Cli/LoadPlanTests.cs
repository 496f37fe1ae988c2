using CsCheck;
using Orleans.Counter.Cli.Load;
using Orleans.Counter.Client;
using Xunit;

namespace Orleans.Counter.Tests.Cli;

public sealed class LoadPlanTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 10, 5, 30, TimeSpan.Zero);
    private static readonly LoadOptions Options = new("load", Start, TimeSpan.FromSeconds(20), Rate: 500, Videos: 100, Zipf: 1, Repeats: 0.05, Seed: 1);

    [Fact]
    public void The_same_seed_is_the_same_load_to_the_last_event()
    {
        Assert.Equal(Words(Options), Words(Options));
        Assert.NotEqual(Words(Options), Words(Options with { Seed = 2 }));

        static List<string> Words(LoadOptions options) =>
            [.. Requests(options).Select(request => $"{request.Due} {request.New} {string.Join(' ', request.Events)}")];
    }

    [Fact]
    public void A_load_goes_on_at_its_rate_for_its_time()
    {
        var requests = Requests(Options);

        Assert.InRange(requests.Sum(request => request.New), 500 * 20, 500 * 20 + 50);
        Assert.Equal(requests.Select(request => request.Due).Order(), requests.Select(request => request.Due));
        Assert.InRange(requests.Where(request => request.Due < TimeSpan.FromSeconds(10)).Sum(request => request.New), 4_950, 5_050);
    }

    [Fact]
    public void One_that_is_over_early_still_sends_the_repeats_that_it_owes()
    {
        var left = 100;
        var requests = new LoadPlan(Options).Requests(() => left-- is 0).ToList();

        Assert.Equal(100, requests.Count(request => request.New > 0));
        Assert.Equal(0, requests[^1].New);
    }

    [Fact]
    public void Whatever_the_seed_what_is_new_is_new_and_what_is_repeated_was_sent_before() => Gen.Int.Sample(seed =>
    {
        var seen = new HashSet<CounterEvent>();
        foreach (var request in Requests(Options with { Seed = seed }))
        {
            Assert.All(request.Events.Take(request.New), e => Assert.True(seen.Add(e)));
            Assert.All(request.Events.Skip(request.New), e => Assert.Contains(e, seen));
        }

        Assert.Equal(seen.Count, seen.DistinctBy(e => (e.VideoId, e.Type, e.Id)).Count());
    }, iter: 20);

    [Fact]
    public void About_the_share_that_was_asked_for_is_repeated_as_events_and_as_requests()
    {
        var requests = Requests(Options with { Length = TimeSpan.FromMinutes(2) });
        var (first, again) = (requests.Where(request => request.New > 0).ToList(), requests.Count(request => request.New is 0));

        Assert.InRange(again / (double)first.Count, 0.03, 0.07);
        Assert.InRange(first.Sum(request => request.Events.Count - request.New) / (double)first.Sum(request => request.New), 0.04, 0.06);
    }

    [Fact]
    public void Events_are_on_time_or_late_but_never_early_and_of_all_types()
    {
        var requests = Requests(Options);
        var events = requests.SelectMany(request => request.Events.Take(request.New).Select(e => (e, Age: Start + request.Due - e.Timestamp!.Value))).ToList();

        // A request gathers what comes until the next one.
        Assert.All(events, one => Assert.InRange(one.Age, TimeSpan.FromSeconds(-0.2), TimeSpan.FromMinutes(91)));
        Assert.Contains(events, one => one.Age > TimeSpan.FromMinutes(60));
        Assert.InRange(events.Count(one => one.Age > TimeSpan.FromSeconds(1)) / (double)events.Count, 0.07, 0.13);
        Assert.Equal(LoadPlan.Types.Order(Comparer<EventType>.Create((one, other) => string.CompareOrdinal(one.Value, other.Value))).Select(type => type.Value),
            events.Select(one => one.e.Type.Value).Distinct().Order(StringComparer.Ordinal));
        var plan = new LoadPlan(Options);
        Assert.All(events, one => Assert.True(one.e.Timestamp >= plan.From && one.e.Timestamp < plan.To));
    }

    [Fact]
    public void The_first_video_has_the_most_events_and_with_no_exponent_all_have_as_many()
    {
        Assert.InRange(ShareOfTheFirst(1), 0.17, 0.22); // 1 / (1 + 1/2 + ... + 1/100) = 0.193
        Assert.InRange(ShareOfTheFirst(0), 0.005, 0.015);

        static double ShareOfTheFirst(double zipf)
        {
            var events = Requests(Options with { Zipf = zipf }).SelectMany(request => request.Events.Take(request.New)).ToList();
            return events.Count(e => e.VideoId.Value is "load-0") / (double)events.Count;
        }
    }

    [Fact]
    public void A_sum_has_every_event_in_its_minute_with_count_sum_smallest_and_largest()
    {
        var (sums, video, watched) = (new LoadSums(), VideoId.Parse("kittens"), EventType.Parse("watch_seconds"));
        foreach (var (second, value) in new[] { (0, 2.5), (29, 0.25), (30, 7) }) sums.Add(new(video, watched, $"{second}", Start.AddSeconds(second), value));

        Assert.Equal(3, sums.Total);
        Assert.Equal(
            [
                (new DateTimeOffset(2026, 11, 23, 10, 5, 0, TimeSpan.Zero), new LoadCell(2, 2.75, 0.25, 2.5)),
                (new DateTimeOffset(2026, 11, 23, 10, 6, 0, TimeSpan.Zero), new LoadCell(1, 7, 7, 7)),
            ],
            sums.Of(video, watched).OrderBy(minute => minute.Key).Select(minute => (minute.Key, minute.Value)));
        Assert.Empty(sums.Of(video, EventType.View));
    }

    private static List<LoadRequest> Requests(LoadOptions options) => [.. new LoadPlan(options).Requests(() => false)];
}
