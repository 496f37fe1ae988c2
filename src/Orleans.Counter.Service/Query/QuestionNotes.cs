using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Orleans.Counter.Http;

namespace Orleans.Counter.Query;

/// <summary>What the document says of questions. The rules are kept where they are read: <see cref="Question"/>, <see cref="Points"/>, <see cref="ManyQuestion"/>, <see cref="MetadataBody"/>.</summary>
internal static class QuestionNotes
{
    private const string Moment = "a whole minute in RFC 3339 with its offset, from 1970 on";

    /// <summary>The parameters of all questions: they mean the same everywhere.</summary>
    public static IReadOnlyList<ParameterNote> Parameters =>
    [
        new("videoId", "The video; case matters.", Schemas.Text(pattern: VideoId.Pattern)),
        new("channelId", "The channel; case matters.", Schemas.Text(pattern: VideoId.Pattern)),
        new("type", "What happened to the video.", Schemas.Text(pattern: EventType.Pattern).Otherwise("view")),
        new("from", $"The first minute, inclusive: {Moment}. Where it is left out: from the beginning.", Schemas.Text(format: "date-time")),
        new("to", $"The end, exclusive: {Moment}, after `from`. Where it is left out: without end.", Schemas.Text(format: "date-time")),
        new("granularity", $"How fine the points are; `auto` picks the finest with at most {Granules.Max:N0} points.", Schemas.OneOf(["auto", .. Granularity.All.Select(one => one.Name)], "auto")),
        new("timeZone", "By whose clocks the granules begin: a name of the IANA database, such as `Europe/Berlin`.", Schemas.Text(pattern: "^[A-Za-z0-9_+/-]+$").Otherwise(WallClock.Utc.Name)),
        new("fill", "Whether granules that are empty have points, too.", new() { Type = JsonSchemaType.Boolean, Default = false }),
        new("functions", "What is asked for, with commas between the names. Left out: everything.", new() { Type = JsonSchemaType.Array, Items = Schemas.OneOf(Function.All.Select(one => one.Name)), MinItems = 1 }),
        new("window", "How long the windows are.", Schemas.OneOf(TopCounts.Windows.Keys, TopCounts.WindowDefault)),
        new("limit", "How many videos of each window.", Schemas.Whole(1, TopCounts.VideosMax).Otherwise(TopCounts.VideosDefault)),
        new("ack", $"The `{CounterAck.Header}` of an answer that accepted events: waits until they can be seen, up to 5 seconds.", Schemas.Text(pattern: "^[A-Za-z0-9_-]+$")),
    ];

    public static BodyNote Many => new(MediaType.Json, "ManyVideos", Schemas.Closed(
        "A question about many videos.", ["videoIds"],
        ("videoIds", Schemas.List(Schemas.Text(pattern: VideoId.Pattern), 1, ManyQuestion.VideosMax)),
        ("type", Schemas.Text(pattern: EventType.Pattern).Otherwise("view")),
        ("from", Schemas.Text($"The first minute, inclusive: {Moment}.", format: "date-time")),
        ("to", Schemas.Text($"The end, exclusive: {Moment}.", format: "date-time"))), new JsonObject { ["videoIds"] = new JsonArray("kittens", "puppies"), ["type"] = "view" });

    public static BodyNote Metadata => new(MediaType.Json, "Metadata", Schemas.Closed(
        "What is said of a video.", [],
        ("title", OrNull(Schemas.Text("Without control characters.", lengthMax: MetadataBody.TitleLengthMax))),
        ("channelId", OrNull(Schemas.Text("Who owns it.", VideoId.Pattern)))), new JsonObject { ["title"] = "Twelve kittens", ["channelId"] = "cats" });

    /// <summary>Adds to the schema of <see cref="StatsAnswer"/> what its type does not say: the values that were asked for.</summary>
    public static Task AddFunctions(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.JsonTypeInfo.Type != typeof(StatsAnswer)) return Task.CompletedTask;
        foreach (var function in Function.All)
            schema.Properties![function.Name] = function.IsNullWhenEmpty ? OrNull(Schemas.Number("Null if nothing was counted.")) : function.Name is "count" ? Schemas.Whole(0, long.MaxValue) : Schemas.Number();
        return Task.CompletedTask;
    }

    /// <summary>What <c>/live</c> sends, of which the document only knows the type of an item.</summary>
    public static Task DescribeLive(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        foreach (var content in operation.Responses!.Values.SelectMany(answer => answer.Content ?? new Dictionary<string, OpenApiMediaType>()).Where(content => content.Key is "text/event-stream"))
        {
            content.Value.Schema = Schemas.Text("Server-sent events by the name of `count`: the total first, and then every change of it, at most 4 a second. The data is a `CountAnswer`, the id is the total.");
            content.Value.Example = "event: count\ndata: {\"videoId\":\"kittens\",\"type\":\"view\",\"count\":3}\nid: 3\n\n";
        }

        return Task.CompletedTask;
    }

    private static OpenApiSchema OrNull(OpenApiSchema schema)
    {
        schema.Type |= JsonSchemaType.Null;
        return schema;
    }
}
