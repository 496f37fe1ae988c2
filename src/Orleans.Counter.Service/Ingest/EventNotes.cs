using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Orleans.Counter.Http;

namespace Orleans.Counter.Ingest;

/// <summary>What the document says of bodies with events. The rules are kept by <see cref="EventReader"/>, <see cref="ProtobufReader"/> and <see cref="EventRules"/>.</summary>
internal static class EventNotes
{
    private const string Event = "Event";
    private const string View = "View";

    /// <summary>What may be answered to whoever sends events.</summary>
    public static readonly string[] Codes = ["no_valid_event", .. JsonBody.Codes, "hub_unavailable", "known_videos_unavailable"];

    public static ParameterNote Video => new("videoId", "The video; case matters.", Schemas.Text(pattern: VideoId.Pattern));

    /// <summary>The forms of a body with many events.</summary>
    public static BodyNote[] Events =>
    [
        new(MediaType.Json, "Events", Schemas.Closed("Events of one request.", ["events"], ("events", Schemas.List(new OpenApiSchemaReference(Event), 1, EventRules.EventsMax))), new JsonObject { ["events"] = new JsonArray(Like()) }),
        new(MediaType.Lines, Event, Schemas.Closed("Something that happened to a video. As `application/x-ndjson`, each line is one.", ["videoId"], Members()), Like()),
        new(MediaType.Protobuf, null, new() { Type = JsonSchemaType.String, Format = "binary", Description = "The message `EventBatch` of `events.proto`: the same events under the same rules. A field that does not stand there refuses the request." }, null),
    ];

    /// <summary>The forms of a body with one view: <c>text/plain</c> is what <c>navigator.sendBeacon</c> sends.</summary>
    public static BodyNote[] OneView =>
    [
        new(MediaType.Json, View, Schemas.Closed("What may be said of one view.", [], Members()[2..]), new JsonObject { ["id"] = "u1-10", ["value"] = 1 }),
        new(MediaType.Text, View, Schemas.Closed("What may be said of one view.", [], Members()[2..]), null),
    ];

    /// <summary>What is said of each event that is not accepted.</summary>
    public static MemberNote Rejected => new("rejected", StatusCodes.Status400BadRequest, new()
    {
        Type = JsonSchemaType.Array,
        Description = "Of `no_valid_event`: what is wrong with each event.",
        Items = new OpenApiSchemaReference(nameof(Rejection)),
    });

    /// <summary>Adds to the schema of <see cref="Rejection"/> which codes it may have.</summary>
    public static Task NameCodes(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.JsonTypeInfo.Type == typeof(Rejection)) schema.Properties!["code"] = Schemas.OneOf(EventRules.Codes);
        return Task.CompletedTask;
    }

    private static (string Name, IOpenApiSchema Schema)[] Members() =>
    [
        ("videoId", Schemas.Text("The video; case matters.", VideoId.Pattern)),
        ("type", Schemas.Text($"What happened. At most {EventType.PerVideoMax} types a video; events of further ones are set aside.", EventType.Pattern).Otherwise("view")),
        ("id", Schemas.Text("With `videoId` and `type` it identifies the event: a repeat within 10 minutes is never counted again. Without one, no repeat is recognised.", IdHash.Pattern)),
        ("timestamp", Schemas.Text("When it happened: at most 7 days ago, unless the service is set otherwise, and at most 5 minutes ahead. Left out: now.", format: "date-time")),
        ("value", Schemas.Number("Finite, such as seconds watched.").Otherwise(1)),
    ];

    private static JsonObject Like() => new() { ["videoId"] = "kittens", ["type"] = "like", ["id"] = "u1-9", ["value"] = 1 };
}
