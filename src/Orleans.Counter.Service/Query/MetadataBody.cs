using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;

namespace Orleans.Counter.Query;

/// <summary>What a request says of a video.</summary>
internal sealed record MetadataBody(Metadata Metadata)
{
    /// <summary>The longest title, in UTF-16 code units.</summary>
    public const int TitleLengthMax = 200;

    /// <summary>The largest body, in bytes: the longest title fits, however it is escaped.</summary>
    public const int BodyBytesMax = 4 * 1024;

    /// <summary>What may be answered to what is said of a video.</summary>
    public static readonly string[] Codes = ["invalid_title", "invalid_channel_id", .. JsonBody.Codes];

    /// <summary>The rule of channel ids in words.</summary>
    public static readonly string ChannelRule = $"like a video id, it has 1 to {VideoId.LengthMax} characters out of A-Z, a-z, 0-9, '_' and '-'";

    private const string Shape = "The body must be an object that may have the strings 'title' and 'channelId'; what it does not have is taken away.";

    /// <summary>Reads a body; where it is wrong, the problem says what would be right.</summary>
    public static Task<(MetadataBody? Body, ProblemHttpResult? Problem)> Read(HttpRequest request) => JsonBody.Read(request, Read);

    private static (MetadataBody?, ProblemHttpResult?) Read(JsonElement body)
    {
        if (body.ValueKind is not JsonValueKind.Object) return Wrong("malformed_body", Shape);
        var (title, channel) = (default(string), default(string));
        foreach (var member in body.EnumerateObject())
        {
            if (member.Name is not ("title" or "channelId")) return Wrong("unknown_member", $"The body has a member '{JsonBody.Shown(member.Name)}', which does not exist. {Shape}");
            if (member.Value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null)) return Wrong("malformed_body", $"'{member.Name}' is no string. {Shape}");
            if (member.Name == "title") title = member.Value.GetString();
            else channel = member.Value.GetString();
        }

        if (title is not null && (title.Length is 0 or > TitleLengthMax || title.Any(char.IsControl)))
            return Wrong("invalid_title", $"A title has 1 to {TitleLengthMax} characters, none of which is a control character.");
        if (channel is not null && !VideoId.TryParse(channel, out _))
            return Wrong("invalid_channel_id", $"'{JsonBody.Shown(channel)}' is not a channel id: {ChannelRule}.");
        return (new(new Metadata(title, channel)), null);
    }

    private static (MetadataBody?, ProblemHttpResult?) Wrong(string code, string detail) => (null, ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail));
}
