using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;

namespace Orleans.Counter.Query;

/// <summary>What a request asks about: a type of all videos of a channel, in a range.</summary>
internal sealed record ChannelQuestion(string ChannelId, EventType Type, MinuteRange Range)
{
    /// <summary>What may be answered to a question about a channel.</summary>
    public static readonly string[] Codes = ["invalid_channel_id", "invalid_type", "invalid_range", "unavailable"];
}

/// <summary>What a request asks about: a type of a video, in a range.</summary>
internal sealed partial record Question(VideoId Video, EventType Type, MinuteRange Range)
{
    /// <summary>What may be answered to a question about a video.</summary>
    public static readonly string[] Codes = ["invalid_video_id", "invalid_type", "invalid_range", "unavailable"];

    private static readonly DateTimeOffset Never = new(6000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Reads the parts of a request; where one is wrong, the problem says what would be right.</summary>
    public static (Question? Question, ProblemHttpResult? Problem) Read(string videoId, string? type, string? from, string? to)
    {
        if (!VideoId.TryParse(videoId, out var video)) return Wrong("invalid_video_id", $"'{JsonBody.Shown(videoId)}' is not a video id: {VideoId.Rule}.");
        return Read(video, type, from, to);
    }

    /// <summary>Reads what is asked of a channel: its id keeps the rule of video ids.</summary>
    public static (ChannelQuestion? Question, ProblemHttpResult? Problem) ReadChannel(string channelId, string? type, string? from, string? to)
    {
        if (!VideoId.TryParse(channelId, out var channel))
            return (null, ApiProblem.Of(StatusCodes.Status400BadRequest, "invalid_channel_id", $"'{JsonBody.Shown(channelId)}' is not a channel id: {MetadataBody.ChannelRule}."));
        var (question, problem) = Read(channel, type, from, to);
        return (question is null ? null : new(channel.Value, question.Type, question.Range), problem);
    }

    private static (Question? Question, ProblemHttpResult? Problem) Read(VideoId video, string? type, string? from, string? to)
    {
        var asked = EventType.View;
        if (type is not null && !EventType.TryParse(type, out asked)) return Wrong("invalid_type", $"'{JsonBody.Shown(type)}' is not an event type: {EventType.Rule}.");
        var (begin, end) = (MinuteRange.Everything.From, MinuteRange.Everything.To);
        if (from is not null && !TryMinute(from, out begin)) return WrongTime(nameof(from), from);
        if (to is not null && !TryMinute(to, out end)) return WrongTime(nameof(to), to);
        if (begin >= end) return Wrong("invalid_range", $"'from' must be before 'to'; it is {begin}, and 'to' is {end}.");
        return (new(video, asked, new(begin, end)), null);
    }

    private static (Question?, ProblemHttpResult?) WrongTime(string name, string text) =>
        Wrong("invalid_range", $"'{name}' is '{JsonBody.Shown(text)}'; a whole minute with its offset would be right, from 1970 on, such as 2026-11-23T10:05:00Z (write a '+' in an address as %2B).");

    private static (Question?, ProblemHttpResult?) Wrong(string code, string detail) => (null, ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail));

    /// <summary>Reads a whole minute with its offset, from 1970 on. What is after the year 5999 is all the same: nothing was counted there, and minutes have no numbers for it.</summary>
    public static bool TryMinute(string text, out Minute minute)
    {
        minute = default;
        if (!Offset().IsMatch(text) || !DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)) return false;
        minute = Minute.Of(time < Never ? time : Never);
        return time >= DateTimeOffset.UnixEpoch && time.UtcTicks % TimeSpan.TicksPerMinute == 0;
    }

    [GeneratedRegex(@"(Z|[+-][0-9]{2}:[0-9]{2})\z")]
    private static partial Regex Offset();
}
