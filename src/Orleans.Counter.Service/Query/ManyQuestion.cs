using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;

namespace Orleans.Counter.Query;

/// <summary>What a request asks about many videos at once.</summary>
internal sealed record ManyQuestion(IReadOnlyList<VideoId> Videos, EventType Type, MinuteRange Range)
{
    /// <summary>How many videos a request may name.</summary>
    public const int VideosMax = 500;

    /// <summary>The largest body, in bytes: its videos fit with room to spare.</summary>
    public const int BodyBytesMax = 128 * 1024;

    /// <summary>What may be answered to a question about many videos.</summary>
    public static readonly string[] Codes = ["too_many_videos", .. Question.Codes, .. JsonBody.Codes];

    private const string Shape = "The body must be an object with 'videoIds', an array of strings, and may have the strings 'type', 'from' and 'to'.";

    /// <summary>Reads a body; where it is wrong, the problem says what would be right.</summary>
    public static Task<(ManyQuestion? Question, ProblemHttpResult? Problem)> Read(HttpRequest request) => JsonBody.Read(request, Read);

    private static (ManyQuestion?, ProblemHttpResult?) Read(JsonElement body)
    {
        if (body.ValueKind is not JsonValueKind.Object) return Wrong("malformed_body", Shape);
        var (texts, ids) = (new Dictionary<string, string?>(), default(JsonElement));
        foreach (var member in body.EnumerateObject())
        {
            if (member.NameEquals("videoIds")) ids = member.Value;
            else if (member.Name is not ("type" or "from" or "to")) return Wrong("unknown_member", $"The body has a member '{JsonBody.Shown(member.Name)}', which does not exist. {Shape}");
            else if (member.Value.ValueKind is not JsonValueKind.String) return Wrong("malformed_body", $"'{member.Name}' is no string. {Shape}");
            else texts[member.Name] = member.Value.GetString();
        }

        if (ids.ValueKind is not JsonValueKind.Array || ids.GetArrayLength() == 0) return Wrong("malformed_body", Shape);
        if (ids.GetArrayLength() > VideosMax) return Wrong("too_many_videos", $"A request names at most {VideosMax} videos, not {ids.GetArrayLength()}; ask for the rest in another.");
        var (first, problem) = (default(Question), default(ProblemHttpResult));
        var videos = new HashSet<VideoId>();
        foreach (var id in ids.EnumerateArray())
        {
            if (id.ValueKind is not JsonValueKind.String) return Wrong("malformed_body", Shape);
            (first, problem) = Question.Read(id.GetString()!, texts.GetValueOrDefault("type"), texts.GetValueOrDefault("from"), texts.GetValueOrDefault("to"));
            if (first is null) return (null, problem);
            videos.Add(first.Video);
        }

        return (new([.. videos], first!.Type, first.Range), null);
    }

    private static (ManyQuestion?, ProblemHttpResult?) Wrong(string code, string detail) => (null, ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail));
}
