using Orleans.Counter.Client;

namespace Orleans.Counter.Cli.Load;

/// <summary>What a load is made of.</summary>
/// <param name="Name">The beginning of its videos' names: nobody else may count events of these.</param>
/// <param name="Start">When it begins.</param>
/// <param name="Length">How long it goes on; at most <see cref="LoadPlan.LengthMax"/>.</param>
/// <param name="Rate">New events a second.</param>
/// <param name="Videos">How many videos they belong to.</param>
/// <param name="Zipf">How unevenly: see <see cref="Load.Zipf"/>.</param>
/// <param name="Repeats">Which share of the requests is sent once more as a whole, and which share of the events once more among others; 0 to 1.</param>
/// <param name="Seed">Everything else: the same seed is the same load.</param>
internal sealed record LoadOptions(string Name, DateTimeOffset Start, TimeSpan Length, int Rate, int Videos, double Zipf, double Repeats, int Seed);

/// <summary>Events that are sent together.</summary>
/// <param name="Due">When, after the start.</param>
/// <param name="Events">The new ones first.</param>
/// <param name="New">How many of them no request before had; 0: a request that is sent once more.</param>
internal sealed record LoadRequest(TimeSpan Due, IReadOnlyList<CounterEvent> Events, int New);

/// <summary>Which events are sent, and when: a function of the options alone.</summary>
/// <remarks>
/// One event in ten is a few minutes late, one in a hundred up to an hour and a half: its hour may stand in its day row already. Values are quarters, so that
/// their sum does not depend on their order. What is repeated follows the first time within half a minute, far inside the ten minutes in which it is
/// recognised for sure.
/// </remarks>
internal sealed class LoadPlan(LoadOptions options)
{
    /// <summary>With what is late, a series of minutes fits into one answer.</summary>
    public static readonly TimeSpan LengthMax = TimeSpan.FromHours(20);

    private static readonly TimeSpan Late = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan VeryLate = TimeSpan.FromMinutes(90);
    private static readonly TimeSpan RepeatWithin = TimeSpan.FromSeconds(30);
    private static readonly EventType Like = EventType.Parse("like");
    private static readonly EventType WatchSeconds = EventType.Parse("watch_seconds");

    private const int RequestsPerSecond = 20;
    private const int EventsMax = 1_000;
    private const int RecentMax = 10_000;

    private readonly VideoId[] _videos = [.. Enumerable.Range(0, options.Videos).Select(number => VideoId.Parse($"{options.Name}-{number}"))];

    /// <summary>The types that events have.</summary>
    public static IReadOnlyList<EventType> Types { get; } = [EventType.View, Like, WatchSeconds];

    public LoadOptions Options => options;

    public IReadOnlyList<VideoId> Videos => _videos;

    /// <summary>A whole minute before which no event happened.</summary>
    public DateTimeOffset From => LoadSums.MinuteOf(options.Start - VeryLate);

    /// <summary>A whole minute after all events.</summary>
    public DateTimeOffset To => LoadSums.MinuteOf(options.Start + options.Length).AddMinutes(1);

    /// <summary>The requests in the order of their times, made as they are asked for.</summary>
    /// <param name="isOver">Asked before each: true ends the load early, with the repeats that are still due.</param>
    public IEnumerable<LoadRequest> Requests(Func<bool> isOver)
    {
        var random = new Random(options.Seed);
        var zipf = new Zipf(options.Videos, options.Zipf);
        var size = Math.Clamp(options.Rate / RequestsPerSecond, 1, EventsMax);
        var recent = new List<CounterEvent>();
        var again = new PriorityQueue<LoadRequest, TimeSpan>();
        var number = 0L;
        var due = TimeSpan.Zero;
        while (due < options.Length && !isOver())
        {
            while (again.TryPeek(out var repeat, out var when) && when <= due)
            {
                again.Dequeue();
                yield return repeat;
            }

            var events = new List<CounterEvent>();
            for (var rest = random.Next(1, 2 * size); rest > 0; rest--)
            {
                var e = Draw(random, zipf, options.Start + At(number), number++);
                events.Add(e);
                if (recent.Count < RecentMax) recent.Add(e);
                else recent[(int)(number % RecentMax)] = e;
            }

            var unlike = events.Count;
            for (var i = 0; i < unlike; i++)
                if (random.NextDouble() < options.Repeats) events.Add(recent[random.Next(recent.Count)]);
            yield return new(due, events, unlike);
            // Some at once: then both are under way, and either may be the first in the log.
            if (random.NextDouble() < options.Repeats)
            {
                var after = RepeatWithin * Math.Max(0, random.NextDouble() - 0.2);
                again.Enqueue(new(due + after, events, 0), due + after);
            }

            due = At(number);
        }

        while (again.TryDequeue(out var repeat, out _)) yield return repeat with { Due = due };
    }

    private TimeSpan At(long number) => TimeSpan.FromSeconds((double)number / options.Rate);

    private CounterEvent Draw(Random random, Zipf zipf, DateTimeOffset now, long number)
    {
        var video = _videos[zipf.Next(random)];
        var late = random.NextDouble() switch
        {
            < 0.01 => VeryLate * random.NextDouble(),
            < 0.1 => Late * random.NextDouble(),
            _ => TimeSpan.Zero,
        };
        var (type, value) = random.NextDouble() switch
        {
            < 0.1 => (WatchSeconds, random.Next(1, 4 * 3_600) / 4.0),
            < 0.2 => (Like, 1),
            _ => (EventType.View, 1),
        };
        return new(video, type, $"{number}", now - late, value);
    }
}
