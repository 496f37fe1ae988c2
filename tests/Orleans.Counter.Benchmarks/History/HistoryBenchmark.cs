using System.Diagnostics;
using System.Net.Http.Json;
using Orleans.Counter.Benchmarks.Load;
using Orleans.Counter.Cli.Import;
using Orleans.Counter.Cli.Rollups;
using Orleans.Counter.Client;

namespace Orleans.Counter.Benchmarks.History;

/// <summary>Years of history in a service of its own: imported, archived, out of the table; then questions, one at a time.</summary>
/// <remarks>
/// A question counts as asked for the first time if nobody has asked for anything of its day and group before: its segment's index has not been read. One that is asked again is asked too seldom
/// for answers to be shared, so it is put together anew from what is kept of archived days.
/// </remarks>
internal sealed class HistoryBenchmark(HistorySettings settings, TextWriter output)
{
    private const int Rounds = 5;
    private const int WarmUp = 20;
    private const int EndedDaysAgo = 10; // No event of these days may come any more.

    // Rollup and import share the two processors: a request may be told to come again, or take its time.
    private static readonly CounterClientOptions Patient = new() { RetriesMax = 200, RetryDelayMax = TimeSpan.FromSeconds(1), AttemptTimeout = TimeSpan.FromMinutes(2) };

    private readonly RepeatedHistory _history = new(
        settings.File, DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-EndedDaysAgo - settings.Days), settings.Days, settings.Dense);

    private readonly int _year = Math.Min(365, settings.Days);
    private readonly Random _random = new(1);
    private readonly List<object> _figures = [];

    public async Task<int> Run(CancellationToken cancellationToken)
    {
        Say($"{Machine.Now}");
        await using var counter = await LocalCounter.Start(1, fillHub: null, cancellationToken);
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = counter.Urls[0], Timeout = Timeout.InfiniteTimeSpan };
            var client = new CounterClient(http, Patient);
            var retired = await Import(counter, client, http, cancellationToken);
            await Ask(client, retired, cancellationToken);
            foreach (var complaint in counter.Complaints()) Say($"  {complaint}");
            Say(Machine.Line(new { benchmark = "history", machine = Machine.Now, settings, figures = _figures }));
            return 0;
        }
        finally
        {
            if (settings.Logs is { } folder) counter.CopyLogs(folder);
        }
    }

    /// <summary>One repetition of the file after the other, and each is rolled up before the next: so the tables stay small, as they do where years of history go by.</summary>
    /// <returns>The last day whose rows are gone.</returns>
    private async Task<DateOnly> Import(LocalCounter counter, CounterClient client, HttpClient http, CancellationToken cancellationToken)
    {
        await using var river = await River.Connect(counter, cancellationToken);
        var (minutes, importing, rollingUp) = (0L, TimeSpan.Zero, TimeSpan.Zero);
        foreach (var days in _history.Repetitions)
        {
            var (importer, began) = (new HistoryImporter(client, _ => { }), Stopwatch.GetTimestamp());
            await importer.Send(_history.Rows(days), cancellationToken);
            if (importer.Problems.Count > 0) throw new BenchmarkFailedException($"Not all was imported: {importer.Problems[0]}");
            importing += Stopwatch.GetElapsedTime(began);
            began = Stopwatch.GetTimestamp();
            await river.RollUp(cancellationToken);
            rollingUp += Stopwatch.GetElapsedTime(began);
            minutes += importer.Lines;
            Say($"  until {days[^1]:yyyy-MM-dd}: {minutes} minutes imported in {importing.TotalSeconds:0} s, rolled up in {rollingUp.TotalSeconds:0} s");
        }

        return await Archived(http, minutes, importing, rollingUp, cancellationToken);
    }
    /// <summary>Makes sure that all is in segments, and that no row is left of a day that is past retention.</summary>
    private async Task<DateOnly> Archived(HttpClient http, long imported, TimeSpan importing, TimeSpan rollingUp, CancellationToken cancellationToken)
    {
        var groups = (await http.GetFromJsonAsync<RollupAnswer>($"v1/admin/rollups?days={settings.Days}", cancellationToken))!.Groups;
        var (segments, minutes, bytes, retired) = (groups.Sum(group => group.Days), groups.Sum(group => group.Rows), groups.Sum(group => group.Bytes), groups.Min(group => group.RetiredThrough!.Value));
        if (minutes != imported) throw new BenchmarkFailedException($"{minutes} of {imported} minutes are in segments.");
        if (groups.SelectMany(group => group.Recent).Any(day => day.RetiredAt is null && day.Day <= retired)) throw new BenchmarkFailedException("Rows of days past retention are still in the table.");
        Say($"{_history.Videos.Count()} videos, {settings.Days} days from {_history.First:yyyy-MM-dd} on: {minutes} minutes imported in {importing.TotalSeconds:0} s ({minutes / importing.TotalSeconds:0}/s), "
            + $"rolled up in {rollingUp.TotalSeconds:0} s into {segments} segments of {bytes} bytes, {(double)bytes / minutes:0.00} a minute; rows are gone until {retired:yyyy-MM-dd}.");
        _figures.Add(new { minutes, segments, bytes, importSeconds = importing.TotalSeconds, rollupSeconds = rollingUp.TotalSeconds });
        return retired;
    }

    private async Task Ask(CounterClient client, DateOnly retired, CancellationToken cancellationToken)
    {
        var days = _history.Repetitions.SelectMany(days => days).Where(day => day <= retired).ToArray();
        _random.Shuffle(days);
        var dense = Pairs(_history.Dense, days).DistinctBy(pair => (pair.Day, Group.Of(pair.Video))).Take(WarmUp + settings.Questions).ToList();
        foreach (var (video, day) in dense.Take(WarmUp)) await Minutes(client, video, day, cancellationToken); // A program that has just started compiles itself.
        await Measure("a cold day by minute, 1,440 of them, for the first time", dense.Skip(WarmUp), 1, pair => Minutes(client, pair.Video, pair.Day, cancellationToken));
        var asked = dense.Select(pair => (pair.Day, Group.Of(pair.Video))).ToHashSet();
        var sparse = Pairs(_history.Sparse, days).Where(pair => asked.Add((pair.Day, Group.Of(pair.Video))) && _history.ByMinute(pair.Video, pair.Day).Any()).Take(settings.Questions);
        await Measure("a cold day by minute, one of them, for the first time", sparse, 1, pair => Minutes(client, pair.Video, pair.Day, cancellationToken));
        await Measure("a cold day by minute, again", dense.Skip(WarmUp), Rounds, pair => Minutes(client, pair.Video, pair.Day, cancellationToken));

        await Years("1,440 minutes a day", _history.Dense);
        await Years("a file's day in ten", [.. _history.Sparse.Where(video => _history.ByDay(video, _history.First, settings.Days).Count() > settings.Days / 10)]);

        async Task Years(string what, IReadOnlyList<VideoId> videos)
        {
            var years = Pairs(videos, [.. Enumerable.Range(0, Math.Max(1, settings.Days - _year)).Select(day => _history.First.AddDays(day))]).Take(settings.Questions).ToList();
            await Measure($"a year by day, {what}, for the first time", years, 1, pair => Days(client, pair.Video, pair.Day, cancellationToken));
            await Measure($"a year by day, {what}, hot", years, Rounds, pair => Days(client, pair.Video, pair.Day, cancellationToken));
        }
    }

    // Each video with days of its own, until all days are used up.
    private IEnumerable<(VideoId Video, DateOnly Day)> Pairs(IReadOnlyList<VideoId> videos, DateOnly[] days)
    {
        var some = videos.ToArray();
        _random.Shuffle(some);
        for (var i = 0; i < days.Length * some.Length; i++) yield return (some[i % some.Length], days[(i + (i / days.Length)) % days.Length]);
    }

    private async Task Measure(string what, IEnumerable<(VideoId Video, DateOnly Day)> questions, int rounds, Func<(VideoId Video, DateOnly Day), Task<long>> ask)
    {
        var (histogram, all) = (Latencies.New(), questions.ToList());
        for (var round = 0; round < rounds; round++)
            foreach (var question in all) histogram.RecordValue(await ask(question));

        var figures = histogram.Figures();
        Say($"{what}: {all.Count} questions{(rounds > 1 ? $", {rounds} times" : "")}: {figures}");
        _figures.Add(new { what, questions = all.Count, rounds, figures });
    }

    private Task<long> Minutes(CounterClient client, VideoId video, DateOnly day, CancellationToken cancellationToken) =>
        Series(client, video, day, 1, Granularity.Minute, _history.ByMinute(video, day).Select(minute => (minute.Minute.Start, minute.Count)), cancellationToken);

    private Task<long> Days(CounterClient client, VideoId video, DateOnly from, CancellationToken cancellationToken) =>
        Series(client, video, from, _year, Granularity.Day, _history.ByDay(video, from, _year), cancellationToken);

    /// <returns>How many microseconds the answer took.</returns>
    private static async Task<long> Series(
        CounterClient client, VideoId video, DateOnly from, int days, Granularity granularity, IEnumerable<(DateTimeOffset Start, long Count)> expected, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var answer = await client.SeriesAsync(video, EventType.View, RepeatedHistory.Start(from), RepeatedHistory.Start(from.AddDays(days)), granularity, cancellationToken: cancellationToken);
        var took = (long)Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        if (!answer.Points.Select(point => (point.Start, point.Count)).SequenceEqual(expected))
            throw new BenchmarkFailedException($"{video} by {granularity} from {from:yyyy-MM-dd} is not what was imported: {answer.Points.Sum(point => point.Count)} and not {expected.Sum(point => point.Count)} views.");
        return took;
    }

    private void Say(string line) => output.WriteLine(line);
}
