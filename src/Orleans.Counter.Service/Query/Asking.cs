using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using Orleans.Counter.Counting;

namespace Orleans.Counter.Query;

/// <summary>How a question becomes an answer: it waits for its caller's own writes, is not answered twice at once, and is not answered at all if the caller has the answer.</summary>
internal sealed class Asking(VideoCounts counts, OwnWrites writes, HotAnswers hot, Watermarks watermarks)
{
    // Revalidated each time, which costs one call to the video: archived days do change, when somebody corrects them.
    private const string CacheControl = "private, no-cache";

    // Of what answers look like: one more, and what callers have kept is not confirmed any more.
    private const int Form = 1;

    /// <summary>Answers a question about one video. Where all days of the range are archived, the answer has an entity tag, which changes with the video's revision.</summary>
    /// <param name="context">The request.</param>
    /// <param name="question">What it asks.</param>
    /// <param name="ack">The token of a write, or null.</param>
    /// <param name="answer">Finds the answer, with what the video knows.</param>
    public async Task<Results<Ok<T>, StatusCodeHttpResult, ProblemHttpResult>> Answer<T>(HttpContext context, Question question, string? ack, Func<Recent, CancellationToken, Task<T>> answer)
    {
        var (request, response, gone) = (context.Request, context.Response, context.RequestAborted);
        if (ack is null && request.Headers.IfNoneMatch.Count > 0 && await TagOf(request, question, await Recent(Seen.Anything, gone), gone) is { } stands && IsKnown(request, stands))
        {
            SetTag(response, stands);
            return TypedResults.StatusCode(StatusCodes.Status304NotModified);
        }

        var (found, problem) = await writes.Answer(ack, [question.Video], response, seen => Share(request, ack, token => Find(seen, token), gone), gone);
        if (found is null) return problem!;
        if (found.Tag is { } tag) SetTag(response, tag);
        return TypedResults.Ok(found.Answer);

        Task<Recent> Recent(Seen seen, CancellationToken cancellationToken) => counts.Recent(question.Video, question.Type, seen, cancellationToken);

        async Task<Found<T>> Find(Seen seen, CancellationToken cancellationToken)
        {
            var recent = await Recent(seen, cancellationToken);
            return new(await answer(recent, cancellationToken), await TagOf(request, question, recent, cancellationToken));
        }
    }

    /// <summary>Answers a question about many videos.</summary>
    /// <param name="context">The request.</param>
    /// <param name="ack">The token of a write, or null.</param>
    /// <param name="videos">Those that the token may be about; not asked for without one.</param>
    /// <param name="answer">Finds the answer.</param>
    public async Task<Results<Ok<T>, ProblemHttpResult>> Answer<T>(
        HttpContext context, string? ack, Func<CancellationToken, Task<IReadOnlyList<VideoId>>> videos, Func<Seen, CancellationToken, Task<T>> answer) where T : class
    {
        var gone = context.RequestAborted;
        var (found, problem) = await writes.Answer(ack, ack is null ? [] : await videos(gone), context.Response, seen => Share(context.Request, ack, token => answer(seen, token), gone), gone);
        return found is null ? problem! : TypedResults.Ok(found);
    }

    private async Task<T> Share<T>(HttpRequest request, string? ack, Func<CancellationToken, Task<T>> find, CancellationToken gone)
    {
        if (ack is null) return await hot.Get(TextOf(request), find, gone);
        hot.Forget(TextOf(request)); // Whoever asks from now on must not see less than this caller does.
        return await find(gone);
    }

    /// <summary>All that an answer depends on: a token only says how long it has to wait.</summary>
    private static string TextOf(HttpRequest request) => $"{request.Path}{QueryString.Create(request.Query.Where(parameter => parameter.Key is not "ack"))}";

    private static void SetTag(HttpResponse response, EntityTagHeaderValue tag)
    {
        response.Headers.ETag = tag.ToString();
        response.Headers.CacheControl = CacheControl;
    }

    private static bool IsKnown(HttpRequest request, EntityTagHeaderValue tag) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var known) && known.Any(one => one.Equals(EntityTagHeaderValue.Any) || one.Compare(tag, useStrongComparison: false));

    /// <summary>What changes whenever the answer does; null if events may still change it.</summary>
    private async ValueTask<EntityTagHeaderValue?> TagOf(HttpRequest request, Question question, Recent recent, CancellationToken cancellationToken)
    {
        var archived = (await watermarks.Known(Group.Of(question.Video), cancellationToken)).ArchivedThrough;
        if (archived == default || question.Range.To.Start.UtcDateTime > archived.AddDays(1).ToDateTime(TimeOnly.MinValue)) return null;
        var text = string.Create(CultureInfo.InvariantCulture, $"{Form} {WallClock.Version} {recent.Revision} {TextOf(request)}");
        return new($"\"{Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(text)))}\"");
    }

    private sealed record Found<T>(T Answer, EntityTagHeaderValue? Tag);
}
