namespace Orleans.Counter.Http;

/// <summary>What a code of a problem stands for.</summary>
/// <param name="Status">The only HTTP status that it comes with.</param>
/// <param name="Code">Never renamed, and never given another meaning.</param>
/// <param name="Meaning">For people who read the document.</param>
internal sealed record ProblemCode(int Status, string Code, string Meaning);

/// <summary>Every code that a problem can have. One that is not here is in no document, so nobody can be ready for it.</summary>
internal static class ProblemCodes
{
    private static readonly Dictionary<string, ProblemCode> ByCode = new ProblemCode[]
    {
        new(400, "bad_request", "The request breaks the rules of HTTP, or its body ended too early."),
        new(400, "invalid_channel_id", "The id of the channel breaks its rule."),
        new(400, "invalid_count", "The count of the correction is not a whole number within its bounds, or 0."),
        new(400, "invalid_cursor", "`cursor` is not where a page of this list ended."),
        new(400, "invalid_days", "`days` is not a whole number within its bounds."),
        new(400, "invalid_fill", "`fill` is neither true nor false."),
        new(400, "invalid_function", "`functions` has a name that is none."),
        new(400, "invalid_granularity", "There is no such granularity."),
        new(400, "invalid_id", "The id of the correction breaks its rule."),
        new(400, "invalid_limit", "`limit` is not a whole number within its bounds."),
        new(400, "invalid_minute", "The minute of the correction is not a whole minute with its offset, or is in the future."),
        new(400, "invalid_range", "`from` or `to` is not a whole minute with its offset, is missing where it is needed, or `from` is not before `to`."),
        new(400, "invalid_reason", "The reason is empty, too long, or has control characters."),
        new(400, "invalid_sum", "The sum is no number, or has another sign than the count."),
        new(400, "invalid_time_zone", "There is no such time zone."),
        new(400, "invalid_title", "The title is empty, too long, or has control characters."),
        new(400, "invalid_token", "`ack` is no token of this service."),
        new(400, "invalid_type", "The event type breaks its rule."),
        new(400, "invalid_video_id", "The id of the video breaks its rule."),
        new(400, "invalid_window", "There is no such window."),
        new(400, "malformed_body", "The body is not of the form that it must have."),
        new(400, "no_valid_event", "No event of the request is acceptable; `rejected` says why."),
        new(400, "no_valid_line", "No line of the request is acceptable; `rejected` says why."),
        new(400, "too_many_points", "The range has too many points of this granularity; the detail names the finest one that fits."),
        new(400, "too_many_videos", "The request names too many videos."),
        new(400, "unknown_member", "The body has a member that does not exist."),
        new(401, "unauthenticated", "There is no key, or it is not good any more."),
        new(403, "forbidden", "The caller does not have the scope that this needs."),
        new(404, "not_found", "There is nothing at this address."),
        new(405, "method_not_allowed", "The address exists, but not for this method."),
        new(408, "request_timeout", "The request came too slowly."),
        new(409, "already_replayed", "The events of the dead letter are counted already: by this request, if it was sent before and its answer was lost."),
        new(409, "correction_differs", "Another correction of the video has this id."),
        new(409, "correction_too_large", "The minute does not hold as many events as the correction takes out."),
        new(409, "not_replayable", "Nothing in the dead letter can be counted; the detail says why."),
        new(409, "still_ahead", "The dead letter has events of a minute that has not come yet."),
        new(409, "too_many_types", "There is no room for this type beside the others."),
        new(413, "body_too_large", "The body has too many bytes."),
        new(413, "too_many_events", "The request has too many events."),
        new(413, "too_many_lines", "The request has too many lines."),
        new(415, "unsupported_media_type", "The body is in no media type that is read here, or is compressed."),
        new(429, "rate_limited", "The caller has called too often; `Retry-After` says when to come back."),
        new(500, "internal_error", "The service failed; its log says why."),
        new(503, "hub_unavailable", "Nothing of the request is known to be accepted. Send it again with the same event ids."),
        new(503, "keys_unavailable", "Whether the key is good cannot be said at the moment. Try again."),
        new(503, "known_videos_unavailable", "Which of the videos are known cannot be said at the moment; nothing of the request is accepted. Send it again with the same event ids."),
        new(503, "not_visible_yet", "The events of the token are in the log, and cannot be seen yet. Ask again with the same token."),
        new(503, "rollup_not_started", "It is not known yet from which day on counts are live: rollup says it when it has run for the first time."),
        new(503, "too_many_watchers", "Too many connections watch counts here; another instance may have room."),
        new(503, "unavailable", "Who would have to answer cannot be reached at the moment. Try again."),
        new(504, "timeout", "The answer took too long. Whether something was done is not known."),
    }.ToDictionary(one => one.Code, StringComparer.Ordinal);

    /// <summary>All, by their names.</summary>
    public static IReadOnlyDictionary<string, ProblemCode> All => ByCode;

    /// <exception cref="ArgumentException">There is no such code.</exception>
    public static ProblemCode Of(string code) => ByCode.GetValueOrDefault(code) ?? throw new ArgumentException($"'{code}' is not in the list of codes.", nameof(code));
}
