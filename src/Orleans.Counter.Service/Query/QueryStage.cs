using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Orleans.Counter.Counting;
using Orleans.Counter.Http;
using Orleans.Counter.Security;

namespace Orleans.Counter.Query;

/// <summary>Video and rows -> points and numbers.</summary>
internal static class QueryStage
{
    public static IHostApplicationBuilder AddQuery(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton<VideoCounts>().AddSingleton<ChannelCounts>().AddSingleton<OwnWrites>().AddSingleton<TopCounts>().AddSingleton<LiveCounts>();
        return builder;
    }

    public static IEndpointRouteBuilder MapQuery(this IEndpointRouteBuilder routes)
    {
        var asking = routes.MapGroup("/v1/videos/{videoId}").WithTags("Asking").RequireScope(Scope.Read);
        asking.MapGet("/count", Count).WithName("GetCount");
        asking.MapGet("/stats", Stats).WithName("GetStats");
        asking.MapGet("/live", Live).WithName("WatchCount").DisableRequestTimeout();
        asking.MapGet("/series", Series).WithName("GetSeries");
        var videos = routes.MapGroup("/v1/videos/{videoId}").WithTags("Videos");
        videos.MapGet("", Get).WithName("GetVideo").RequireScope(Scope.Read);
        videos.MapPut("", Put).WithName("PutVideo").WithMetadata(new RequestSizeLimitAttribute(MetadataBody.BodyBytesMax)).RequireScope(Scope.Manage);
        videos.MapDelete("", Delete).WithName("DeleteVideo").RequireScope(Scope.Admin);
        var channels = routes.MapGroup("/v1/channels/{channelId}").WithTags("Asking").RequireScope(Scope.Read);
        channels.MapGet("/count", ChannelCount).WithName("GetChannelCount");
        channels.MapGet("/series", ChannelSeries).WithName("GetChannelSeries");
        routes.MapGet("/v1/top", Top).WithName("GetTop").WithTags("Asking").RequireScope(Scope.Read);
        routes.MapPost("/v1/counts", Counts).WithName("GetCounts").WithTags("Asking").RequireScope(Scope.Read)
            .WithMetadata(new RequestSizeLimitAttribute(ManyQuestion.BodyBytesMax));
        return routes;
    }

    /// <summary>How often; a video never seen answers 0.</summary>
    private static async Task<Results<Ok<CountAnswer>, ProblemHttpResult>> Count(
        string videoId, VideoCounts counts, OwnWrites writes, HttpResponse response, CancellationToken cancellationToken,
        string? type = null, string? from = null, string? to = null, string? ack = null)
    {
        var (question, problem) = Question.Read(videoId, type, from, to);
        if (question is null) return problem!;
        return await writes.Answer<CountAnswer>(ack, [question.Video], response, async seen =>
        {
            var sum = await counts.Sum(question.Video, question.Type, question.Range, seen, cancellationToken);
            return TypedResults.Ok(new CountAnswer(question.Video.Value, question.Type.Value, sum.Count));
        }, cancellationToken);
    }

    /// <summary>Count, sum, mean, smallest and largest value.</summary>
    private static async Task<Results<Ok<StatsAnswer>, ProblemHttpResult>> Stats(
        string videoId, VideoCounts counts, OwnWrites writes, HttpResponse response, CancellationToken cancellationToken,
        string? type = null, string? from = null, string? to = null, string? functions = null, string? ack = null)
    {
        var (question, problem) = Question.Read(videoId, type, from, to);
        if (question is null) return problem!;
        if (Function.Read(functions) is not { } asked)
            return Wrong("invalid_function", $"'functions' is '{functions}'; it is one or more of {string.Join(',', Function.All.Select(one => one.Name))}, with commas between them.");
        return await writes.Answer<StatsAnswer>(ack, [question.Video], response, async seen =>
        {
            var sum = await counts.Sum(question.Video, question.Type, question.Range, seen, cancellationToken);
            return TypedResults.Ok(new StatsAnswer(question.Video.Value, question.Type.Value) { Values = asked.ToDictionary(one => one.Name, one => one.Of(sum)) });
        }, cancellationToken);
    }

    /// <summary>How often, as it changes: server-sent events, whose id is the total.</summary>
    private static Results<ServerSentEventsResult<CountAnswer>, ProblemHttpResult> Live(
        string videoId, LiveCounts live, CancellationToken cancellationToken, string? type = null)
    {
        var (question, problem) = Question.Read(videoId, type, null, null);
        if (question is null) return problem!;
        if (!live.TryEnter())
            return ApiProblem.Of(StatusCodes.Status503ServiceUnavailable, "too_many_watchers", $"{LiveCounts.WatchersMax} connections watch counts here already; another instance may have room.");
        return TypedResults.ServerSentEvents(live.Watch(question.Video, question.Type, cancellationToken));
    }

    /// <summary>What is known of a video: what was said of it, its types, and what became of its events.</summary>
    private static async Task<Results<Ok<VideoAnswer>, ProblemHttpResult>> Get(
        string videoId, IGrainFactory grains, OwnWrites writes, HttpResponse response, CancellationToken cancellationToken, string? ack = null)
    {
        var (question, problem) = Question.Read(videoId, null, null, null);
        if (question is null) return problem!;
        return await writes.Answer<VideoAnswer>(ack, [question.Video], response, async seen =>
        {
            var portrait = await grains.GetGrain<IVideoGrain>(question.Video.Value).Portrait(cancellationToken);
            seen.Check(question.Video, portrait.Position);
            return portrait.IsKnown ? TypedResults.Ok(VideoAnswer.Of(question.Video, portrait)) : Unknown(question.Video);
        }, cancellationToken);
    }

    /// <summary>Says what a video is, whether it was seen before or not. What is not said is taken away.</summary>
    private static async Task<Results<Ok<VideoAnswer>, ProblemHttpResult>> Put(string videoId, HttpRequest request, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var (question, problem) = Question.Read(videoId, null, null, null);
        if (question is null) return problem!;
        (var body, problem) = await MetadataBody.Read(request);
        if (body is null) return problem!;
        return TypedResults.Ok(VideoAnswer.Of(question.Video, await grains.GetGrain<IVideoGrain>(question.Video.Value).Describe(body.Metadata, cancellationToken)));
    }

    /// <summary>Removes a video, its history, and what was said of it. What comes later counts from nothing.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> Delete(string videoId, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var (question, problem) = Question.Read(videoId, null, null, null);
        if (question is null) return problem!;
        if (!await grains.GetGrain<IVideoGrain>(question.Video.Value).Remove(cancellationToken)) return Unknown(question.Video);
        return TypedResults.NoContent();
    }

    /// <summary>How often, for many videos at once.</summary>
    private static async Task<Results<Ok<CountsAnswer>, ProblemHttpResult>> Counts(
        HttpRequest request, VideoCounts counts, OwnWrites writes, HttpResponse response, CancellationToken cancellationToken, string? ack = null)
    {
        var (question, problem) = await ManyQuestion.Read(request);
        if (question is null) return problem!;
        return await writes.Answer<CountsAnswer>(ack, question.Videos, response, async seen =>
        {
            var sums = await counts.Sums(question.Videos, question.Type, question.Range, seen, cancellationToken);
            return TypedResults.Ok(new CountsAnswer(question.Type.Value, question.Videos.Zip(sums).ToDictionary(one => one.First.Value, one => one.Second.Count)));
        }, cancellationToken);
    }

    /// <summary>When; a point for every granule that is not empty.</summary>
    private static async Task<Results<Ok<SeriesAnswer>, ProblemHttpResult>> Series(
        string videoId, VideoCounts counts, OwnWrites writes, HttpResponse response, CancellationToken cancellationToken,
        string? type = null, string? from = null, string? to = null, string? granularity = null, string? timeZone = null, string? fill = null, string? ack = null)
    {
        var (question, problem) = Question.Read(videoId, type, from, to);
        if (question is null) return problem!;
        (var points, problem) = Points.Read(question.Range, from, to, granularity, timeZone, fill);
        if (points is null) return problem!;
        return await writes.Answer<SeriesAnswer>(ack, [question.Video], response, async seen =>
        {
            var minutes = await counts.Minutes(question.Video, question.Type, question.Range, seen, cancellationToken);
            return TypedResults.Ok(new SeriesAnswer(question.Video.Value, question.Type.Value, points.Granularity.Name, Points.TimeZone, points.Of(minutes)));
        }, cancellationToken);
    }

    /// <summary>How often, for all videos that a channel owns now; a channel that owns none answers 0.</summary>
    private static async Task<Results<Ok<ChannelCountAnswer>, ProblemHttpResult>> ChannelCount(
        string channelId, ChannelCounts counts, CancellationToken cancellationToken, string? type = null, string? from = null, string? to = null)
    {
        var (question, problem) = Question.ReadChannel(channelId, type, from, to);
        if (question is null) return problem!;
        var sum = await counts.Sum(question.ChannelId, question.Type, question.Range, cancellationToken);
        return TypedResults.Ok(new ChannelCountAnswer(question.ChannelId, question.Type.Value, sum.Count));
    }

    /// <summary>When, for all videos that a channel owns now.</summary>
    private static async Task<Results<Ok<ChannelSeriesAnswer>, ProblemHttpResult>> ChannelSeries(
        string channelId, ChannelCounts counts, CancellationToken cancellationToken,
        string? type = null, string? from = null, string? to = null, string? granularity = null, string? timeZone = null, string? fill = null)
    {
        var (question, problem) = Question.ReadChannel(channelId, type, from, to);
        if (question is null) return problem!;
        (var points, problem) = Points.Read(question.Range, from, to, granularity, timeZone, fill);
        if (points is null) return problem!;
        var minutes = await counts.Minutes(question.ChannelId, question.Type, question.Range, cancellationToken);
        return TypedResults.Ok(new ChannelSeriesAnswer(question.ChannelId, question.Type.Value, points.Granularity.Name, Points.TimeZone, points.Of(minutes)));
    }

    /// <summary>The most counted videos of the last full hour, day or week, and of the running one.</summary>
    private static async Task<Results<Ok<TopAnswer>, ProblemHttpResult>> Top(
        TopCounts counts, CancellationToken cancellationToken, string? type = null, string? window = null, string? limit = null)
    {
        var asked = EventType.View;
        if (type is not null && !EventType.TryParse(type, out asked)) return Wrong("invalid_type", $"'{type}' is not an event type: {EventType.Rule}.");
        if (!TopCounts.Windows.TryGetValue(window ?? "hour", out var length)) return Wrong("invalid_window", $"'{window}' is not a window; there are {string.Join(", ", TopCounts.Windows.Keys)}.");
        var most = 50;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most is < 1 or > TopCounts.VideosMax))
            return Wrong("invalid_limit", $"'limit' is '{limit}'; it is a number from 1 to {TopCounts.VideosMax}.");
        return await counts.Ask(asked, length, most, cancellationToken) is { } answer
            ? TypedResults.Ok(answer)
            : ApiProblem.Of(StatusCodes.Status409Conflict, "too_many_types", $"Videos are ranked by at most {ShardTops.TypesMax} types, and there are so many others that '{asked}' is not one of them.");
    }

    private static ProblemHttpResult Unknown(VideoId video) =>
        ApiProblem.Of(StatusCodes.Status404NotFound, "not_found", $"Nothing was ever counted or said of a video '{video}', or it was removed.");

    private static ProblemHttpResult Wrong(string code, string detail) => ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail);
}
