using System.Text.Json.Nodes;
using Orleans.Counter.Http;

namespace Orleans.Counter.Audit;

/// <summary>What the document says of corrections. The rules are kept by <see cref="CorrectionBody"/>.</summary>
internal static class CorrectionNotes
{
    public static BodyNote Body => new(MediaType.Json, nameof(Correction), Schemas.Closed(
        "Events that are taken out of a minute, or put into it.", ["id", "videoId", "minute", "count", "reason"],
        ("id", Schemas.Text("The same id again changes nothing.", VideoId.Pattern)),
        ("videoId", Schemas.Text("The video; case matters.", VideoId.Pattern)),
        ("type", Schemas.Text("The event type.", EventType.Pattern).Otherwise("view")),
        ("minute", Schemas.Text("A whole minute in RFC 3339 with its offset, not in the future.", format: "date-time")),
        ("count", Schemas.Whole(-CorrectionBody.CountMax, CorrectionBody.CountMax, "How many are put in; negative: taken out. Not 0.")),
        ("sum", Schemas.Number("Of their values, with the sign of the count. Left out: the count.")),
        ("reason", Schemas.Text("For whoever looks at it later. Without control characters.", lengthMax: CorrectionBody.ReasonLengthMax))), Example());

    private static JsonObject Example() =>
        new() { ["id"] = "fraud-17", ["videoId"] = "kittens", ["minute"] = "2026-11-23T10:05:00Z", ["count"] = -40, ["reason"] = "bots" };
}
