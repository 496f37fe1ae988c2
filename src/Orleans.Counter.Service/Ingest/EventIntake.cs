using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Orleans.Counter.Http;

namespace Orleans.Counter.Ingest;

/// <summary>What a caller is told about its events.</summary>
/// <param name="Accepted">How many are in the log.</param>
/// <param name="Rejected">Those that never will be, by their index in the request.</param>
internal sealed record EventsAnswer(int Accepted, IReadOnlyList<Rejection> Rejected);

/// <summary>Takes requests in: body, events, frames, answer.</summary>
internal sealed class EventIntake(
    FramePublisher frames, IOptions<AcceptanceOptions> acceptance, IOptions<IngestOptions> options, TimeProvider time, IngestInstruments instruments, IKnownVideos? known = null)
{
    /// <summary>The largest body of a request with events, in bytes.</summary>
    public const int EventsBodyMax = 1024 * 1024;

    /// <summary>The largest body of a single view: its three members, fully escaped, fit with room to spare.</summary>
    public const int ViewBodyMax = 16 * 1024;

    private const string RetryAfterSeconds = "2";
    private readonly EventRules _rules = new(acceptance.Value.Window, options.Value.Types);

    private readonly UnknownVideos? _unknown = !options.Value.KnownVideosOnly ? null
        : new(known ?? throw new InvalidOperationException("Ingest:KnownVideosOnly is set, and nobody here knows which videos are known."));

    public async Task<IResult> TakeEvents(HttpRequest request)
    {
        var (isLines, isProtobuf) = (MediaType.IsOneOf(request, MediaType.Lines), MediaType.IsOneOf(request, MediaType.Protobuf));
        if (!isLines && !isProtobuf && !MediaType.IsOneOf(request, MediaType.Json)) return UnsupportedMediaType("application/json, application/x-ndjson and application/x-protobuf");
        if (await EventBody.Read(request, EventsBodyMax, request.HttpContext.RequestAborted) is not { } body) return TooLarge(EventsBodyMax);
        using var batch = new EventBatch(body);
        var now = time.GetUtcNow();
        var refused = isProtobuf ? ProtobufReader.ReadEvents(batch, _rules, now)
            : isLines ? EventReader.ReadLines(batch, _rules, now)
            : EventReader.ReadEvents(batch, _rules, now);
        return refused is { } fault ? Refuse(fault) : await Take(batch, request.HttpContext.Response, request.HttpContext.RequestAborted);
    }

    public async Task<IResult> TakeView(HttpRequest request, string videoId)
    {
        if (await EventBody.Read(request, ViewBodyMax, request.HttpContext.RequestAborted) is not { } body) return TooLarge(ViewBodyMax);
        using var batch = new EventBatch(body);
        if (body.Length > 0 && !MediaType.IsOneOf(request, MediaType.Json, MediaType.Text)) return UnsupportedMediaType("application/json and text/plain, or no body");
        return EventReader.ReadView(batch, videoId, _rules, time.GetUtcNow()) is { } fault ? Refuse(fault) : await Take(batch, request.HttpContext.Response, request.HttpContext.RequestAborted);
    }

    private async Task<IResult> Take(EventBatch batch, HttpResponse response, CancellationToken cancellationToken)
    {
        if (_unknown is not null && !await _unknown.Reject(batch, _rules, cancellationToken))
            return TryLater(response, "known_videos_unavailable", "Which of the videos are known cannot be said at the moment; nothing of the request is accepted. Send it again with the same event ids.");
        var (count, rejected) = (batch.Count, batch.Rejected);
        foreach (var rejection in rejected) instruments.Rejected(rejection.Code);
        if (count == 0) return NoValidEvent(rejected);
        var (published, ack) = frames.Publish(batch);
        batch.Dispose(); // its events are in frames now: while many requests wait for the hub, they hold no buffers
        if (!await published) return TryLater(response, "hub_unavailable", "Nothing of the request is known to be accepted. Send it again with the same event ids.");
        response.Headers[CounterAck.Header] = ack;
        instruments.Accepted(count);
        return TypedResults.Accepted((string?)null, new EventsAnswer(count, rejected));
    }

    private static ProblemHttpResult TryLater(HttpResponse response, string code, string detail)
    {
        response.Headers.RetryAfter = RetryAfterSeconds;
        return ApiProblem.Of(StatusCodes.Status503ServiceUnavailable, code, detail);
    }

    private static ProblemHttpResult NoValidEvent(List<Rejection> rejected) => ApiProblem.Of(
        StatusCodes.Status400BadRequest,
        "no_valid_event",
        rejected.Count == 0 ? "The request has no event." : $"No event is acceptable. The first: {rejected[0].Detail}",
        new() { ["rejected"] = rejected });

    private static ProblemHttpResult Refuse(BodyFault fault) => ApiProblem.Of(fault.Status, fault.Code, fault.Detail);

    private static ProblemHttpResult TooLarge(int bytesMax) =>
        ApiProblem.Of(StatusCodes.Status413PayloadTooLarge, "body_too_large", $"The body has more than {bytesMax} bytes.");

    private static ProblemHttpResult UnsupportedMediaType(string supported) =>
        ApiProblem.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", $"Supported here: {supported}; texts in UTF-8, and not compressed.");
}
