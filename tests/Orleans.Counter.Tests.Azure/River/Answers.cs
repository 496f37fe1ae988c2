using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using Xunit;

namespace Orleans.Counter.Tests.Azure.River;

/// <summary>What a running service answers: each question goes to the next of its silos.</summary>
internal sealed class Answers(IReadOnlyList<HttpClient> silos)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static int _made;

    private readonly string[] _markers = [.. Shard.All.Select(MarkersOf($"mark-{Interlocked.Increment(ref _made)}-"))];
    private int _marks;
    private uint _turn;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Returns when everything that was sent before this call can be seen.</summary>
    /// <remarks>A shard counts in the order of the log: when an event of each shard that is sent now is counted, everything before it is, too.</remarks>
    public async Task CaughtUp()
    {
        var mark = ++_marks;
        var events = _markers.Select(video => new { videoId = video, id = $"mark-{mark}" }).ToList();
        await Eventually.Answers(
            async token =>
            {
                using var answer = await Next().PostAsJsonAsync("/v1/events", new { events }, token);
                return answer.StatusCode;
            },
            status => status is HttpStatusCode.Accepted, Patience);
        foreach (var video in _markers) await Eventually.Answers(token => Count(video, "view", token), count => count == mark, Patience);
    }

    /// <summary>Asks for every video and type, in total and by the minute, when everything that was sent before can be seen.</summary>
    public async Task AreExact(Expected expected)
    {
        await CaughtUp();
        await AreExactNow(expected);
    }

    /// <summary>The same, if only in the end.</summary>
    /// <remarks>
    /// A video whose silo has gone answers as it was stored, until its shard hears that it has lost something: at the video's next event, or at the shard's next checkpoint. So does one
    /// that a silo which stood still has stored over, when it goes on.
    /// </remarks>
    public async Task BecomeExact(Expected expected)
    {
        await CaughtUp();
        await Eventually.Answers(_ => Differences(expected), differences => differences is "", Patience);
    }

    /// <summary>Asks for every video and type, in total and by the minute.</summary>
    public async Task AreExactNow(Expected expected)
    {
        if (await Differences(expected) is not "" and var differences) Assert.Fail(differences);
    }

    // By the minute only where there is anything in total. Empty if everything is exact.
    private async Task<string> Differences(Expected expected)
    {
        var (from, to) = (expected.From.AddHours(-1), expected.To.AddHours(1));
        var differences = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(expected.Counts, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token }, async (video, token) =>
        {
            var ((id, type), byMinute) = video;
            var total = await Count(id, type, token);
            if (total != byMinute.Values.Sum()) differences.Add($"{id} {type}: {total} instead of {byMinute.Values.Sum()}");
            if (total == 0 && byMinute.Count == 0) return;
            var series = string.Join(" ", (await Series(id, type, from, to, "minute", token)).Select(point => $"{point.Start:HH:mm}={point.Count}"));
            var wanted = string.Join(" ", byMinute.Select(minute => $"{minute.Key:HH:mm}={minute.Value}"));
            if (series != wanted) differences.Add($"{id} {type} by minute: {series} instead of {wanted}");
        });
        return differences.IsEmpty ? "" : $"{differences.Count} answers are wrong:\n{string.Join('\n', differences.Order(StringComparer.Ordinal).Take(10))}";
    }

    public async Task<long> Count(string video, string type, CancellationToken cancellationToken) =>
        (await Next().GetFromJsonAsync<CountAnswer>($"/v1/videos/{video}/count?type={type}", cancellationToken))!.Count;

    public async Task<IReadOnlyList<Point>> Series(
        string video, string type, DateTimeOffset from, DateTimeOffset to, string granularity, CancellationToken cancellationToken)
    {
        var range = string.Create(CultureInfo.InvariantCulture, $"from={from:yyyy-MM-dd'T'HH:mm:ss'Z'}&to={to:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        var path = $"/v1/videos/{video}/series?type={type}&{range}&granularity={granularity}";
        return (await Next().GetFromJsonAsync<SeriesAnswer>(path, cancellationToken))!.Points;
    }

    private HttpClient Next() => silos[(int)(Interlocked.Increment(ref _turn) % (uint)silos.Count)];

    private static Func<Shard, string> MarkersOf(string prefix) => shard =>
        Enumerable.Range(0, int.MaxValue).Select(number => VideoId.Parse($"{prefix}{number}")).First(video => Shard.Of(video) == shard).Value;

    /// <summary>One point of a series.</summary>
    internal sealed record Point(DateTimeOffset Start, long Count, double Sum, double? Min, double? Max);

    private sealed record CountAnswer(long Count);

    private sealed record SeriesAnswer(IReadOnlyList<Point> Points);
}

/// <summary>How many events were sent: by video and type, and in each minute that has any. A video without any was not sent, and has no counts.</summary>
/// <param name="Counts">The counts.</param>
/// <param name="From">The first minute.</param>
/// <param name="To">The last minute.</param>
internal sealed record Expected(
    IReadOnlyDictionary<(string Video, string Type), SortedDictionary<DateTimeOffset, long>> Counts, DateTimeOffset From, DateTimeOffset To);
