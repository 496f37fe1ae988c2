using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;
using Orleans.Counter.Query;

namespace Orleans.Counter.Recount;

/// <summary>What a request wants to have recounted.</summary>
internal sealed record RecountBody(VideoId Video, MinuteRange Range, bool Repair)
{
    /// <summary>The longest range.</summary>
    public const int DaysMax = 31;

    /// <summary>The largest body, in bytes.</summary>
    public const int BodyBytesMax = 4 * 1024;

    /// <summary>What may be answered to it.</summary>
    public static readonly string[] Codes = ["invalid_video_id", "invalid_range", .. JsonBody.Codes, "unavailable"];

    private const string Shape = "The body must be an object with the strings 'videoId', 'from' and 'to'; it may have the boolean 'repair'.";

    /// <summary>Reads a body; where it is wrong, the problem says what would be right.</summary>
    public static Task<(RecountBody? Body, ProblemHttpResult? Problem)> Read(HttpRequest request) => JsonBody.Read(request, Read);

    private static (RecountBody?, ProblemHttpResult?) Read(JsonElement body)
    {
        if (body.ValueKind is not JsonValueKind.Object) return Wrong("malformed_body", Shape);
        var (texts, repair) = (new Dictionary<string, string>(), false);
        foreach (var member in body.EnumerateObject())
        {
            switch (member.Name)
            {
                case "videoId" or "from" or "to" when member.Value.ValueKind is JsonValueKind.String:
                    texts[member.Name] = member.Value.GetString()!;
                    break;
                case "repair" when member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                    repair = member.Value.GetBoolean();
                    break;
                case "videoId" or "from" or "to" or "repair":
                    return Wrong("malformed_body", $"'{member.Name}' is not what it must be. {Shape}");
                default:
                    return Wrong("unknown_member", $"The body has a member '{JsonBody.Shown(member.Name)}', which does not exist. {Shape}");
            }
        }

        if (texts.Count < 3) return Wrong("malformed_body", Shape);
        var (question, problem) = Question.Read(texts["videoId"], type: null, texts["from"], texts["to"]);
        if (question is null) return (null, problem);
        if (question.Range.Length > DaysMax * Minute.PerDay)
            return Wrong("invalid_range", $"From {question.Range.From} to {question.Range.To} is more than {DaysMax} days, the most that is recounted at once; recount the rest in another operation.");
        return (new(question.Video, question.Range, repair), null);
    }

    private static (RecountBody?, ProblemHttpResult?) Wrong(string code, string detail) => (null, ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail));
}
