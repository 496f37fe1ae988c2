using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Orleans.Counter.Http;
using Orleans.Counter.Query;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Audit;

/// <summary>What was set aside, over HTTP: to be looked at, given back once, or thrown away.</summary>
internal static class DeadLetterEndpoints
{
    public const int LettersMax = 100;
    public const int LettersDefault = 50;

    /// <summary>Beside what else is for those who operate the service.</summary>
    public static void MapDeadLetters(this RouteGroupBuilder operating)
    {
        var letters = operating.MapGroup("/admin/deadletters").Explains(DeadLetterNotes.Parameters).Refuses("unavailable");
        letters.MapGet("", List).WithName("GetDeadLetters").Refuses("invalid_limit", "invalid_cursor");
        letters.MapGet("/{id}", Get).WithName("GetDeadLetter").Refuses("not_found");
        letters.MapPost("/{id}/replay", Replay).WithName("ReplayDeadLetter").Refuses("not_found", "already_replayed", "not_replayable", "still_ahead", "too_many_types")
            .DisableRequestTimeout(); // One with many videos takes its time; made again, it goes on.
        letters.MapDelete("/{id}", Delete).WithName("DeleteDeadLetter").Refuses("not_found");
    }

    /// <summary>All letters, page by page, without what is in them.</summary>
    internal static async Task<Results<Ok<LettersAnswer>, ProblemHttpResult>> List(LetterDesk desk, CancellationToken cancellationToken, string? cursor = null, string? limit = null)
    {
        var most = LettersDefault;
        if (limit is not null && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most is < 1 or > LettersMax))
            return Wrong("invalid_limit", $"'limit' is '{JsonBody.Shown(limit)}'; it is a number from 1 to {LettersMax}.");
        string? place = null;
        if ((cursor is not null && !PageCursor.TryRead(cursor, out place)) || await desk.Box.List(place, most, cancellationToken) is not { } page)
            return Wrong("invalid_cursor", "'cursor' is no cursor of this list; it is the member 'next' of the page before, unchanged.");
        return TypedResults.Ok(new LettersAnswer([.. page.Letters.Where(letter => LetterId.TryName(LetterId.Of(letter.Id), out _)).Select(LetterAnswer.Of)], page.Next is null ? null : PageCursor.Write(page.Next)));
    }

    /// <summary>A letter with what is in it.</summary>
    internal static async Task<Results<Ok<LetterAnswer>, ProblemHttpResult>> Get(string id, LetterDesk desk, CancellationToken cancellationToken)
    {
        if (!LetterId.TryName(id, out var name) || await desk.Box.Read(name, cancellationToken) is not { Row: var letter }) return NotFound(id);
        return TypedResults.Ok(LetterAnswer.Of(letter));
    }

    /// <summary>Counts its events in the minutes to which they belong: once.</summary>
    internal static async Task<Results<Ok<LetterAnswer>, ProblemHttpResult>> Replay(string id, LetterDesk desk, HotAnswers hot, CancellationToken cancellationToken)
    {
        if (!LetterId.TryName(id, out var name)) return NotFound(id);
        var replayed = await desk.Replay(name, cancellationToken);
        hot.ForgetAll();
        return replayed.Outcome switch
        {
            ReplayOutcome.Done => TypedResults.Ok(LetterAnswer.Of(replayed.Letter!)),
            ReplayOutcome.AlreadyDone => Conflict("already_replayed", replayed.Detail),
            ReplayOutcome.NotReplayable => Conflict("not_replayable", replayed.Detail),
            ReplayOutcome.Ahead => Conflict("still_ahead", replayed.Detail),
            ReplayOutcome.TooManyTypes => Conflict("too_many_types", replayed.Detail),
            _ => NotFound(id),
        };
    }

    /// <summary>Throws it away. What of it is counted stays counted.</summary>
    internal static async Task<Results<NoContent, ProblemHttpResult>> Delete(string id, LetterDesk desk, CancellationToken cancellationToken)
    {
        if (!LetterId.TryName(id, out var name) || !await desk.Box.Delete(name, cancellationToken)) return NotFound(id);
        return TypedResults.NoContent();
    }

    private static ProblemHttpResult NotFound(string id) => ApiProblem.Of(StatusCodes.Status404NotFound, "not_found", $"There is no dead letter '{JsonBody.Shown(id)}'.");

    private static ProblemHttpResult Conflict(string code, string detail) => ApiProblem.Of(StatusCodes.Status409Conflict, code, detail);

    private static ProblemHttpResult Wrong(string code, string detail) => ApiProblem.Of(StatusCodes.Status400BadRequest, code, detail);
}

/// <summary>Some letters, and where to go on; null after the last one.</summary>
internal sealed record LettersAnswer(IReadOnlyList<LetterAnswer> Items, string? Next);

/// <summary>A dead letter.</summary>
/// <param name="Id">What it is called in addresses.</param>
/// <param name="Reason">Why it was set aside: <c>undecodable</c>, <c>out_of_time</c> or <c>too_many_types</c>.</param>
/// <param name="Detail">The same for people.</param>
/// <param name="Events">How many events it holds.</param>
/// <param name="Bytes">How long it is.</param>
/// <param name="AddedAt">When it was set aside, in UTC.</param>
/// <param name="State"><c>waiting</c>; <c>replaying</c>, of which nobody knows yet whether all of it is counted; or <c>replayed</c>.</param>
/// <param name="ReplayedAt">When all was counted, in UTC; null if it is not.</param>
/// <param name="Body">What is in it, as it was set aside; not in lists, and not if it is no JSON.</param>
/// <param name="BodyBase64">The bytes, if they are no JSON; not in lists.</param>
internal sealed record LetterAnswer(
    string Id, string Reason, string Detail, long Events, long Bytes, DateTime AddedAt, string State, DateTime? ReplayedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JsonNode? Body = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? BodyBase64 = null)
{
    public static LetterAnswer Of(LetterHead letter) => new(
        LetterId.Of(letter.Id), letter.Reason, letter.Detail, letter.EventCount, letter.Bytes, letter.AddedAt.UtcDateTime,
        letter.Replay.DoneAt is not null ? "replayed" : letter.Replay.BegunAt is not null ? "replaying" : "waiting", letter.Replay.DoneAt?.UtcDateTime);

    public static LetterAnswer Of(KeptLetter letter)
    {
        try
        {
            return Of(letter.Head) with { Body = JsonNode.Parse(letter.Body.Span) };
        }
        catch (JsonException)
        {
            return Of(letter.Head) with { BodyBase64 = Convert.ToBase64String(letter.Body.Span) };
        }
    }
}
