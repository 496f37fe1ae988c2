using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Orleans.Counter.Tests.Azure.River;

/// <summary>One running service for all tests of a class. Each test has videos of its own.</summary>
public sealed partial class RiverCounter : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("river-").FullName;
    private readonly string[] _markers = [.. Shard.All.Select(MarkerOf)];
    private LocalCounter? _counter;
    private int _marks;

    /// <summary>How many views or likes of the example are one event.</summary>
    public static long Scale { get; } = Environment.GetEnvironmentVariable("COUNTER_LONG") is "1" ? 10_000 : 100_000;

    public LocalCounter Local => _counter ?? throw new InvalidOperationException("It has not been started.");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _counter = await LocalCounter.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_counter is not null) await _counter.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Starts to import a file.</summary>
    internal LocalImport Import(TrendingFile file)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.csv");
        file.Save(path);
        return new(path, Scale, Local.Url);
    }

    /// <summary>The minutes into which an import has made the dates of its file, by what it has printed.</summary>
    internal static IReadOnlyDictionary<string, DateTimeOffset> MinutesOf(TrendingFile file, string output)
    {
        var said = Said().Match(output);
        Assert.True(said.Success, output);
        var (from, to) = (Time(said.Groups["from"].Value), Time(said.Groups["to"].Value));
        Assert.Equal((file.Dates.Count, to), (int.Parse(said.Groups["count"].Value, CultureInfo.InvariantCulture), from.AddMinutes(file.Dates.Count - 1)));
        return file.Dates.Select((date, i) => (date, from.AddMinutes(i))).ToDictionary();

        static DateTimeOffset Time(string text) => DateTimeOffset.ParseExact(text, "u", CultureInfo.InvariantCulture);
    }

    /// <summary>Returns when everything that was sent before this call can be seen.</summary>
    /// <remarks>A shard counts in the order of the log: when an event of each shard that is sent now is counted, everything before it is, too.</remarks>
    internal async Task CaughtUp()
    {
        var mark = ++_marks;
        var events = _markers.Select(video => new { videoId = video, id = $"mark-{mark}" }).ToList();
        await Eventually.Answers(
            async token =>
            {
                using var answer = await Local.Http.PostAsJsonAsync("/v1/events", new { events }, token);
                return answer.StatusCode;
            },
            status => status is HttpStatusCode.Accepted, TimeSpan.FromMinutes(1));
        foreach (var video in _markers) await Eventually.Answers(token => Count(video, "view", token), count => count == mark);
    }

    /// <summary>Asks for every video of a file, both types, in total and by the minute; by the minute only where there is anything in total.</summary>
    /// <returns>What is not as it should be; empty if everything is exact.</returns>
    internal async Task<IReadOnlyList<string>> Differences(TrendingFile file, IReadOnlyDictionary<string, DateTimeOffset> minutes)
    {
        var (from, to) = (minutes.Values.Min().AddHours(-1), minutes.Values.Max().AddHours(1));
        var differences = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(file.Events(Scale), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = Token }, async (video, token) =>
        {
            var ((id, type), byDate) = video;
            var total = await Count(id, type, token);
            if (total != byDate.Values.Sum()) differences.Add($"{id} {type}: {total} instead of {byDate.Values.Sum()}");
            if (total == 0 && byDate.Count == 0) return;
            var series = string.Join(" ", (await Series(id, type, from, to, "minute", token)).Select(point => $"{point.Start:HH:mm}={point.Count}"));
            var expected = string.Join(" ", byDate.Select(date => $"{minutes[date.Key]:HH:mm}={date.Value}"));
            if (series != expected) differences.Add($"{id} {type} by minute: {series} instead of {expected}");
        });
        return [.. differences.Order(StringComparer.Ordinal).Take(10)];
    }

    internal async Task<long> Count(string video, string type, CancellationToken cancellationToken) =>
        (await Local.Http.GetFromJsonAsync<CountAnswer>($"/v1/videos/{video}/count?type={type}", cancellationToken))!.Count;

    internal async Task<IReadOnlyList<Point>> Series(
        string video, string type, DateTimeOffset from, DateTimeOffset to, string granularity, CancellationToken cancellationToken)
    {
        var range = string.Create(CultureInfo.InvariantCulture, $"from={from:yyyy-MM-dd'T'HH:mm:ss'Z'}&to={to:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        var path = $"/v1/videos/{video}/series?type={type}&{range}&granularity={granularity}";
        return (await Local.Http.GetFromJsonAsync<SeriesAnswer>(path, cancellationToken))!.Points;
    }

    private static string MarkerOf(Shard shard) =>
        Enumerable.Range(0, int.MaxValue).Select(number => VideoId.Parse($"mark-{number}")).First(video => Shard.Of(video) == shard).Value;

    [GeneratedRegex("in the (?<count>[0-9]+) minutes from (?<from>[^ ]+ [^ ]+Z) to (?<to>[^ ]+ [^ ]+Z)")]
    private static partial Regex Said();

    /// <summary>One point of a series.</summary>
    internal sealed record Point(DateTimeOffset Start, long Count, double Sum, double? Min, double? Max);

    private sealed record CountAnswer(long Count);

    private sealed record SeriesAnswer(IReadOnlyList<Point> Points);
}
