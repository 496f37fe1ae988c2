using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;
using Orleans.Counter.Query;

namespace Orleans.Counter.Audit;

/// <summary>What a request corrects.</summary>
internal sealed record CorrectionBody(Correction Correction)
{
    /// <summary>The longest reason, in UTF-16 code units.</summary>
    public const int ReasonLengthMax = 500;

    /// <summary>The largest count, either way: sums of many stay exact.</summary>
    public const long CountMax = 1_000_000_000_000_000;

    /// <summary>The largest body, in bytes: the longest reason fits, however it is escaped.</summary>
    public const int BodyBytesMax = 8 * 1024;

    /// <summary>What may be answered to a correction.</summary>
    public static readonly string[] Codes =
        ["invalid_id", "invalid_video_id", "invalid_type", "invalid_minute", "invalid_count", "invalid_sum", "invalid_reason", .. JsonBody.Codes, "correction_differs", "correction_too_large", "too_many_types", "unavailable"];

    private const string Shape =
        "The body must be an object with the strings 'id', 'videoId', 'minute' and 'reason' and the whole number 'count'; it may have the string 'type' (default 'view') and the number 'sum' (default: the count).";

    /// <summary>Reads a body; where it is wrong, the problem says what would be right.</summary>
    public static Task<(CorrectionBody? Body, ProblemHttpResult? Problem)> Read(HttpRequest request, DateTimeOffset now) => JsonBody.Read(request, body => Read(body, now));

    private static (CorrectionBody?, ProblemHttpResult?) Read(JsonElement body, DateTimeOffset now)
    {
        if (body.ValueKind is not JsonValueKind.Object) return Wrong("malformed_body", Shape);
        var texts = new Dictionary<string, string>();
        var (count, sum) = (default(long?), default(double?));
        foreach (var member in body.EnumerateObject())
        {
            switch (member.Name)
            {
                case "id" or "videoId" or "type" or "minute" or "reason" when member.Value.ValueKind is JsonValueKind.String:
                    texts[member.Name] = member.Value.GetString()!;
                    break;
                case "count" when member.Value.ValueKind is JsonValueKind.Number:
                    if (!member.Value.TryGetInt64(out var whole) || Math.Abs(decimal.CreateChecked(whole)) > CountMax || whole == 0)
                        return Wrong("invalid_count", $"'count' is '{JsonBody.Shown(member.Value.GetRawText())}'; it is a whole number other than 0, from -{CountMax} to {CountMax}.");
                    count = whole;
                    break;
                case "sum" when member.Value.ValueKind is JsonValueKind.Number:
                    if (!member.Value.TryGetDouble(out var number) || !double.IsFinite(number))
                        return Wrong("invalid_sum", $"'sum' is '{JsonBody.Shown(member.Value.GetRawText())}'; it is a number that a 64-bit floating-point number can hold.");
                    sum = number;
                    break;
                case "id" or "videoId" or "type" or "minute" or "reason" or "count" or "sum":
                    return Wrong("malformed_body", $"'{member.Name}' is not what it must be. {Shape}");
                default:
                    return Wrong("unknown_member", $"The body has a member '{JsonBody.Shown(member.Name)}', which does not exist. {Shape}");
            }
        }

        if (count is null || !texts.ContainsKey("id") || !texts.ContainsKey("videoId") || !texts.ContainsKey("minute") || !texts.ContainsKey("reason")) return Wrong("malformed_body", Shape);
        return Read(texts, count.Value, sum ?? count.Value, now);
    }

    private static (CorrectionBody?, ProblemHttpResult?) Read(Dictionary<string, string> texts, long count, double sum, DateTimeOffset now)
    {
        var (id, reason) = (texts["id"], texts["reason"]);
        if (!VideoId.TryParse(id, out _)) return Wrong("invalid_id", $"'{JsonBody.Shown(id)}' is not the id of a correction: it has 1 to {VideoId.LengthMax} characters out of A-Z, a-z, 0-9, '_' and '-'.");
        if (!VideoId.TryParse(texts["videoId"], out var video)) return Wrong("invalid_video_id", $"'{JsonBody.Shown(texts["videoId"])}' is not a video id: {VideoId.Rule}.");
        var type = EventType.View;
        if (texts.TryGetValue("type", out var name) && !EventType.TryParse(name, out type)) return Wrong("invalid_type", $"'{JsonBody.Shown(name)}' is not an event type: {EventType.Rule}.");
        if (!Question.TryMinute(texts["minute"], out var minute) || minute.Start > now)
            return Wrong("invalid_minute", $"'minute' is '{JsonBody.Shown(texts["minute"])}'; a whole minute with its offset that is not in the future would be right, such as 2026-11-23T10:05:00Z.");
        if (Math.Sign(sum) * Math.Sign(count) < 0) return Wrong("invalid_sum", $"'count' is {count} and 'sum' is {sum:R}: a correction either puts in or takes out; make two of it.");
        if (reason.Length is 0 or > ReasonLengthMax || reason.Any(char.IsControl)) return Wrong("invalid_reason", $"A reason has 1 to {ReasonLengthMax} characters, none of which is a control character.");
        return (new(new Correction(id, video, type, minute, count, sum, reason, now)), null);
    }

    private static (CorrectionBody?, ProblemHttpResult?) Wrong(string code, string detail) => (null, ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail));
}
