using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;

namespace Orleans.Counter.Tests.Cli;

/// <summary>The smallest counter that keeps the contract: an id counts once, a bad video is rejected, and a question is answered.</summary>
internal sealed class CountsById : HttpMessageHandler
{
    private readonly ConcurrentDictionary<(string Video, string Type, string Id), DateTimeOffset> _events = [];

    /// <summary>What it adds to every count: a counter that is wrong.</summary>
    public long Wrong { get; set; }

    /// <summary>The video whose events it does not like.</summary>
    public string? Rejects { get; set; }

    public int Requests;

    public IEnumerable<(string Video, string Type, DateTimeOffset Minute)> Counted => _events.Select(e => (e.Key.Video, e.Key.Type, e.Value));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Get) return Count(request.RequestUri!);

        Interlocked.Increment(ref Requests);
        using var body = JsonDocument.Parse(await request.Content!.ReadAsByteArrayAsync(cancellationToken));
        var rejected = new List<object>();
        var (accepted, index) = (0, 0);
        foreach (var e in body.RootElement.GetProperty("events").EnumerateArray())
        {
            var video = e.GetProperty("videoId").GetString()!;
            if (video == Rejects) rejected.Add(new { index, code = "unknown_video", detail = "never heard of it" });
            else
            {
                var type = e.TryGetProperty("type", out var given) ? given.GetString()! : "view";
                _events.TryAdd((video, type, e.GetProperty("id").GetString()!), e.GetProperty("timestamp").GetDateTimeOffset());
                accepted++;
            }
            index++;
        }
        return RecordingHandler.Json(HttpStatusCode.Accepted, JsonSerializer.Serialize(new { accepted, rejected }));
    }

    private HttpResponseMessage Count(Uri question)
    {
        var video = question.Segments[^2].TrimEnd('/');
        var type = question.Query["?type=".Length..];
        return RecordingHandler.Json(HttpStatusCode.OK, $$"""{"count":{{_events.Keys.LongCount(e => e.Video == video && e.Type == type) + Wrong}}}""");
    }
}
