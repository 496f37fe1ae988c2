using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;

namespace Orleans.Counter.Tests.Fuzz;

/// <summary>Events of videos that nobody else touches, among broken neighbours, and how many of them were accepted: by video and type.</summary>
internal sealed class EventLedger
{
    private static readonly string[] Types = ["view", "like"];

    private readonly ConcurrentDictionary<(string Video, string Type), long> _accepted = new();

    public IReadOnlyDictionary<(string Video, string Type), long> Accepted => _accepted;

    /// <summary>A request with events in a form by chance; some of them break a rule.</summary>
    public static (FuzzRequest Request, IReadOnlyList<(string Video, string Type)> Events) Make(string key, Random random, int number)
    {
        var events = Enumerable.Range(0, random.Next(1, 20)).Select(_ => ($"ledger-{random.Next(5)}", Odd.Pick(random, Types))).ToList();
        var texts = events.Select((one, index) => new JsonObject
        {
            ["videoId"] = one.Item1,
            ["type"] = one.Item2,
            ["id"] = random.Next(6) == 0 ? $"{Odd.Mark}\u0001" : $"{number}-{index}",
            ["value"] = random.Next(6) == 0 ? JsonValue.Create("one") : JsonValue.Create(1.5),
        }.ToJsonString()).ToList();
        var isLines = random.Next(2) == 0;
        var request = new FuzzRequest
        {
            Method = "POST",
            Target = "/v1/events",
            Body = Encoding.UTF8.GetBytes(isLines ? string.Join('\n', texts) : $$"""{"events":[{{string.Join(',', texts)}}]}"""),
            Framing = random.Next(3) == 0 ? Framing.Chunks : Framing.Length,
        };
        request.Headers.AddRange([("Host", "localhost"), ("X-Api-Key", key), ("Content-Type", isLines ? "application/x-ndjson" : "application/json")]);
        return (request, events);
    }

    /// <summary>Notes what the answer says of the events.</summary>
    public void Note(IReadOnlyList<(string Video, string Type)> events, RawAnswer answer)
    {
        if (answer.Status is not 202 || events.Count == 0) return; // A recount is answered so, too.
        var rejected = JsonNode.Parse(answer.Body)!["rejected"]!.AsArray().Select(one => (int)one!["index"]!).ToHashSet();
        foreach (var one in events.Where((_, index) => !rejected.Contains(index))) _accepted.AddOrUpdate(one, 1, (_, count) => count + 1);
    }
}
