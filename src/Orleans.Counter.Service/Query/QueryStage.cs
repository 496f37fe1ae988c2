using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Orleans.Counter.Counting;
using Orleans.Counter.Http;
using Orleans.Counter.Security;

namespace Orleans.Counter.Query;

/// <summary>Video and rows -> points and numbers.</summary>
internal static class QueryStage
{
    public static IHostApplicationBuilder AddQuery(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<QueryOptions>().BindConfiguration(QueryOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<QueryOptions>, QueryOptionsValidator>();
        builder.Services.AddSingleton<QueryInstruments>().AddSingleton<Watermarks>().AddSingleton<PartCache>().AddSingleton<Tiers>();
        builder.Services.AddSingleton<VideoCounts>().AddSingleton<ChannelCounts>().AddSingleton<TopCounts>().AddSingleton<LiveCounts>();
        builder.Services.AddSingleton<OwnWrites>().AddSingleton<HotAnswers>().AddSingleton<Asking>();
        builder.Services.Configure<OpenApiOptions>(ApiDocument.Name, document => document.AddSchemaTransformer(QuestionNotes.AddFunctions).AddOperationTransformer(QuestionNotes.DescribeLive));
        return builder;
    }

    public static IEndpointRouteBuilder MapQuery(this IEndpointRouteBuilder routes)
    {
        var parameters = QuestionNotes.Parameters;
        var asking = routes.MapGroup("/v1/videos/{videoId}").WithTags("Asking").RequireScope(Scope.Read).Explains(parameters);
        asking.MapGet("/count", Count).WithName("GetCount").MayBeKnown().Refuses([.. Question.Codes, .. OwnWrites.Codes]);
        asking.MapGet("/stats", Stats).WithName("GetStats").MayBeKnown().Refuses([.. Question.Codes, .. OwnWrites.Codes, "invalid_function"]);
        asking.MapGet("/live", Live).WithName("WatchCount").DisableRequestTimeout().Refuses(["invalid_video_id", "invalid_type", "too_many_watchers"]);
        asking.MapGet("/series", Series).WithName("GetSeries").MayBeKnown().Needs("from", "to").Refuses([.. Question.Codes, .. Points.Codes, .. OwnWrites.Codes]);
        var videos = routes.MapGroup("/v1/videos/{videoId}").WithTags("Videos").Explains(parameters).Refuses("invalid_video_id", "unavailable");
        videos.MapGet("", Get).WithName("GetVideo").RequireScope(Scope.Read).Refuses(["not_found", .. OwnWrites.Codes]);
        videos.MapPut("", Put).WithName("PutVideo").WithMetadata(new RequestSizeLimitAttribute(MetadataBody.BodyBytesMax)).RequireScope(Scope.Manage).Refuses(MetadataBody.Codes)
            .Reads($"What is not said is taken away; at most {MetadataBody.BodyBytesMax:N0} bytes.", isRequired: true, QuestionNotes.Metadata);
        videos.MapDelete("", Delete).WithName("DeleteVideo").RequireScope(Scope.Admin).Refuses("not_found");
        var channels = routes.MapGroup("/v1/channels/{channelId}").WithTags("Asking").RequireScope(Scope.Read).Explains(parameters);
        channels.MapGet("/count", ChannelCount).WithName("GetChannelCount").Refuses([.. ChannelQuestion.Codes, .. OwnWrites.Codes]);
        channels.MapGet("/series", ChannelSeries).WithName("GetChannelSeries").Needs("from", "to").Refuses([.. ChannelQuestion.Codes, .. Points.Codes, .. OwnWrites.Codes]);
        routes.MapGet("/v1/top", Top).WithName("GetTop").WithTags("Asking").RequireScope(Scope.Read).Explains(parameters).Refuses("invalid_type", "invalid_window", "invalid_limit", "too_many_types", "unavailable");
        routes.MapPost("/v1/counts", Counts).WithName("GetCounts").WithTags("Asking").RequireScope(Scope.Read).Explains(parameters).Refuses([.. ManyQuestion.Codes, .. OwnWrites.Codes])
            .WithMetadata(new RequestSizeLimitAttribute(ManyQuestion.BodyBytesMax))
            .Reads($"At most {ManyQuestion.VideosMax} videos, and {ManyQuestion.BodyBytesMax:N0} bytes.", isRequired: true, QuestionNotes.Many);
        return routes;
    }

    /// <summary>Of ranges whose days are all archived, callers may keep answers, and ask whether they still stand.</summary>
    private static RouteHandlerBuilder MayBeKnown(this RouteHandlerBuilder endpoint) => endpoint.Produces(StatusCodes.Status304NotModified)
        .Tells(StatusCodes.Status200OK, "ETag", "There if all days of the range are archived: sent back as `If-None-Match`, it is answered 304 for as long as the answer stands.");

    /// <summary>How often; a video never seen answers 0.</summary>
    internal static async Task<Results<Ok<CountAnswer>, StatusCodeHttpResult, ProblemHttpResult>> Count(
        string videoId, VideoCounts counts, Asking asking, HttpContext context, string? type = null, string? from = null, string? to = null, string? ack = null)
    {
        var (question, problem) = Question.Read(videoId, type, from, to);
        if (question is null) return problem!;
        return await asking.Answer(context, question, ack, async (recent, cancellationToken) => new CountAnswer(
            question.Video.Value, question.Type.Value, await counts.Count(question.Video, question.Type, recent, question.Range, cancellationToken)));
    }

    /// <summary>Count, sum, mean, smallest and largest value.</summary>
    internal static async Task<Results<Ok<StatsAnswer>, StatusCodeHttpResult, ProblemHttpResult>> Stats(
        string videoId, VideoCounts counts, Asking asking, HttpContext context, string? type = null, string? from = null, string? to = null, string? functions = null, string? ack = null)
    {
        var (question, problem) = Question.Read(videoId, type, from, to);
        if (question is null) return problem!;
        if (Function.Read(functions) is not { } asked)
            return Wrong("invalid_function", $"'functions' is '{JsonBody.Shown(functions!)}'; it is one or more of {string.Join(',', Function.All.Select(one => one.Name))}, with commas between them.");
        return await asking.Answer(context, question, ack, async (recent, cancellationToken) =>
        {
            var sum = await counts.Sum(question.Video, question.Type, recent, question.Range, cancellationToken);
            return new StatsAnswer(question.Video.Value, question.Type.Value) { Values = asked.ToDictionary(one => one.Name, one => one.Of(sum)) };
        });
    }

    /// <summary>How often, as it changes: server-sent events, whose id is the total.</summary>
    internal static Results<ServerSentEventsResult<CountAnswer>, ProblemHttpResult> Live(
        string videoId, LiveCounts live, HttpResponse response, CancellationToken cancellationToken, string? type = null)
    {
        var (question, problem) = Question.Read(videoId, type, null, null);
        if (question is null) return problem!;
        if (!live.TryEnter())
        {
            response.Headers.RetryAfter = ApiProblem.SoonSeconds;
            return ApiProblem.Of(StatusCodes.Status503ServiceUnavailable, "too_many_watchers", $"{LiveCounts.WatchersMax} connections watch counts here already; another instance may have room.");
        }

        return TypedResults.ServerSentEvents(live.Watch(question.Video, question.Type, cancellationToken));
    }

    /// <summary>What is known of a video: what was said of it, its types, and what became of its events.</summary>
    internal static async Task<Results<Ok<VideoAnswer>, ProblemHttpResult>> Get(
        string videoId, IGrainFactory grains, OwnWrites writes, HttpResponse response, CancellationToken cancellationToken, string? ack = null)
    {
        var (question, problem) = Question.Read(videoId, null, null, null);
        if (question is null) return problem!;
        var (portrait, wrong) = await writes.Answer(ack, [question.Video], response, async seen =>
        {
            var answer = await grains.GetGrain<IVideoGrain>(question.Video.Value).Portrait(cancellationToken);
            seen.Check(question.Video, answer.Position);
            return answer;
        }, cancellationToken);
        if (portrait is null) return wrong!;
        return portrait.IsKnown ? TypedResults.Ok(VideoAnswer.Of(question.Video, portrait)) : Unknown(question.Video);
    }

    /// <summary>Says what a video is, whether it was seen before or not. What is not said is taken away.</summary>
    internal static async Task<Results<Ok<VideoAnswer>, ProblemHttpResult>> Put(string videoId, HttpRequest request, IGrainFactory grains, HotAnswers hot, CancellationToken cancellationToken)
    {
        var (question, problem) = Question.Read(videoId, null, null, null);
        if (question is null) return problem!;
        (var body, problem) = await MetadataBody.Read(request);
        if (body is null) return problem!;
        var portrait = await grains.GetGrain<IVideoGrain>(question.Video.Value).Describe(body.Metadata, cancellationToken);
        hot.ForgetAll();
        return TypedResults.Ok(VideoAnswer.Of(question.Video, portrait));
    }

    /// <summary>Removes a video, its history, and what was said of it. What comes later counts from nothing.</summary>
    internal static async Task<Results<NoContent, ProblemHttpResult>> Delete(string videoId, IGrainFactory grains, HotAnswers hot, CancellationToken cancellationToken)
    {
        var (question, problem) = Question.Read(videoId, null, null, null);
        if (question is null) return problem!;
        var wasThere = await grains.GetGrain<IVideoGrain>(question.Video.Value).Remove(cancellationToken);
        hot.ForgetAll();
        return wasThere ? TypedResults.NoContent() : Unknown(question.Video);
    }

    /// <summary>How often, for many videos at once.</summary>
    internal static async Task<Results<Ok<CountsAnswer>, ProblemHttpResult>> Counts(
        HttpRequest request, VideoCounts counts, OwnWrites writes, HttpResponse response, CancellationToken cancellationToken, string? ack = null)
    {
        var (question, problem) = await ManyQuestion.Read(request);
        if (question is null) return problem!;
        var (many, wrong) = await writes.Answer(ack, question.Videos, response, seen => counts.Counts(question.Videos, question.Type, question.Range, seen, cancellationToken), cancellationToken);
        return many is null ? wrong! : TypedResults.Ok(new CountsAnswer(question.Type.Value, question.Videos.Zip(many).ToDictionary(one => one.First.Value, one => one.Second)));
    }

    /// <summary>When; a point for every granule that is not empty.</summary>
    internal static async Task<Results<Ok<SeriesAnswer>, StatusCodeHttpResult, ProblemHttpResult>> Series(
        string videoId, VideoCounts counts, Asking asking, HttpContext context,
        string? type = null, string? from = null, string? to = null, string? granularity = null, string? timeZone = null, string? fill = null, string? ack = null)
    {
        var (question, problem) = Question.Read(videoId, type, from, to);
        if (question is null) return problem!;
        (var points, problem) = Points.Read(question.Range, from, to, granularity, timeZone, fill);
        if (points is null) return problem!;
        return await asking.Answer(context, question, ack, async (recent, cancellationToken) => new SeriesAnswer(
            question.Video.Value, question.Type.Value, points.Granularity, points.TimeZone,
            points.Of(await counts.Series(question.Video, question.Type, recent, points.Granules, cancellationToken))));
    }

    /// <summary>How often, for all videos that a channel owns now; a channel that owns none answers 0.</summary>
    internal static async Task<Results<Ok<ChannelCountAnswer>, ProblemHttpResult>> ChannelCount(
        string channelId, ChannelCounts counts, Asking asking, HttpContext context, string? type = null, string? from = null, string? to = null, string? ack = null)
    {
        var (question, problem) = Question.ReadChannel(channelId, type, from, to);
        if (question is null) return problem!;
        return await asking.Answer(
            context, ack, cancellationToken => counts.Videos(question.ChannelId, cancellationToken),
            async (seen, cancellationToken) => new ChannelCountAnswer(question.ChannelId, question.Type.Value, await counts.Count(question.ChannelId, question.Type, question.Range, seen, cancellationToken)));
    }

    /// <summary>When, for all videos that a channel owns now.</summary>
    internal static async Task<Results<Ok<ChannelSeriesAnswer>, ProblemHttpResult>> ChannelSeries(
        string channelId, ChannelCounts counts, Asking asking, HttpContext context,
        string? type = null, string? from = null, string? to = null, string? granularity = null, string? timeZone = null, string? fill = null, string? ack = null)
    {
        var (question, problem) = Question.ReadChannel(channelId, type, from, to);
        if (question is null) return problem!;
        (var points, problem) = Points.Read(question.Range, from, to, granularity, timeZone, fill);
        if (points is null) return problem!;
        return await asking.Answer(
            context, ack, cancellationToken => counts.Videos(question.ChannelId, cancellationToken),
            async (seen, cancellationToken) => new ChannelSeriesAnswer(
                question.ChannelId, question.Type.Value, points.Granularity, points.TimeZone, points.Of(await counts.Series(question.ChannelId, question.Type, points.Granules, seen, cancellationToken))));
    }

    /// <summary>The most counted videos of the last full hour, day or week, and of the running one.</summary>
    internal static async Task<Results<Ok<TopAnswer>, ProblemHttpResult>> Top(
        TopCounts counts, HotAnswers hot, CancellationToken cancellationToken, string? type = null, string? window = null, string? limit = null)
    {
        var asked = EventType.View;
        if (type is not null && !EventType.TryParse(type, out asked)) return Wrong("invalid_type", $"'{JsonBody.Shown(type)}' is not an event type: {EventType.Rule}.");
        if (!TopCounts.Windows.TryGetValue(window ?? TopCounts.WindowDefault, out var length)) return Wrong("invalid_window", $"'{JsonBody.Shown(window!)}' is not a window; there are {string.Join(", ", TopCounts.Windows.Keys)}.");
        var most = TopCounts.VideosDefault;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most is < 1 or > TopCounts.VideosMax))
            return Wrong("invalid_limit", $"'limit' is '{JsonBody.Shown(limit)}'; it is a number from 1 to {TopCounts.VideosMax}.");
        return await hot.Get($"top {asked} {length} {most}", token => counts.Ask(asked, length, most, token), cancellationToken) is { } answer
            ? TypedResults.Ok(answer)
            : ApiProblem.Of(StatusCodes.Status409Conflict, "too_many_types", $"Videos are ranked by at most {ShardTops.TypesMax} types, and there are so many others that '{asked}' is not one of them.");
    }

    private static ProblemHttpResult Unknown(VideoId video) =>
        ApiProblem.Of(StatusCodes.Status404NotFound, "not_found", $"Nothing was ever counted or said of a video '{video}', or it was removed.");

    private static ProblemHttpResult Wrong(string code, string detail) => ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail);
}
