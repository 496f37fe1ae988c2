using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Orleans.Counter.Http;

namespace Orleans.Counter.Recount;

/// <summary>What the document says of recounts. The rules are kept by <see cref="RecountBody"/>.</summary>
internal static class RecountNotes
{
    public const string IdPattern = "^[0-9a-f]{32}$";

    public static IReadOnlyList<ParameterNote> Parameters => [new("id", "What the answer to the request has called it.", Schemas.Text(pattern: IdPattern))];

    public static BodyNote Body => new(MediaType.Json, nameof(Recount), Schemas.Closed(
        $"Minutes of a video that are compared with the log, at most {RecountBody.DaysMax} days.", ["videoId", "from", "to"],
        ("videoId", Schemas.Text("The video; case matters.", VideoId.Pattern)),
        ("from", Schemas.Text("The first minute: RFC 3339, whole, with its offset.", format: "date-time")),
        ("to", Schemas.Text("The minute after the last one.", format: "date-time")),
        ("repair", new OpenApiSchema { Type = JsonSchemaType.Boolean, Description = "Whether minutes that differ are set to what was recounted, if nothing of the log is missing." }.Otherwise(false))), Example());

    private static JsonObject Example() => new() { ["videoId"] = "kittens", ["from"] = "2026-11-23T00:00:00Z", ["to"] = "2026-11-24T00:00:00Z", ["repair"] = false };
}
