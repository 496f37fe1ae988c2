using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Orleans.Counter.Http;

namespace Orleans.Counter.History;

/// <summary>What the document says of bodies with history. The rules are kept by <see cref="HistoryBody"/> and <see cref="HistoryLine"/>.</summary>
internal static class HistoryNotes
{
    /// <summary>The forms of a body.</summary>
    public static BodyNote[] Forms =>
    [
        new(MediaType.Lines, "HistoryLine", Schemas.Closed(
            "What a minute of a video and type holds. As `application/x-ndjson`, each line is one.", HistoryLine.Members[..HistoryLine.Required],
            ("videoId", Schemas.Text("The video; case matters.", VideoId.Pattern)),
            ("type", Schemas.Text("What happened.", EventType.Pattern)),
            ("timestamp", Schemas.Text("A whole minute in RFC 3339 with its offset.", format: "date-time")),
            ("count", Schemas.Whole(0, HistoryLine.CountMax, "How often. 0 clears the minute.")),
            ("sum", Schemas.Number("Of the values. Left out: the count.")),
            ("min", Schemas.Number("The smallest value. Left out: 1.")),
            ("max", Schemas.Number("The largest value. Left out: 1."))), Example()),
        new(HistoryBody.Csv, null, new() { Type = JsonSchemaType.String, Description = "The same members as columns, with their names in the first line, in any order." }, null),
    ];

    /// <summary>What is said of each line that is not accepted.</summary>
    public static MemberNote Rejected => new("rejected", StatusCodes.Status400BadRequest, new()
    {
        Type = JsonSchemaType.Array,
        Description = "Of `no_valid_line`: what is wrong with each line.",
        Items = new OpenApiSchemaReference(nameof(RejectedLine)),
    });

    private static JsonObject Example() => new() { ["videoId"] = "kittens", ["type"] = "view", ["timestamp"] = "2024-11-23T10:05:00Z", ["count"] = 12 };
}
