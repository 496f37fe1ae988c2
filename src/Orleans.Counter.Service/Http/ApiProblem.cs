using Microsoft.AspNetCore.Http.HttpResults;

namespace Orleans.Counter.Http;

/// <summary>The one form of every error: <c>application/problem+json</c> with a stable <c>code</c>.</summary>
internal static class ApiProblem
{
    /// <summary>For <c>Retry-After</c>, where something passes by itself.</summary>
    public const string SoonSeconds = "1";

    /// <param name="status">The HTTP status.</param>
    /// <param name="code">Stable and for machines.</param>
    /// <param name="detail">For people: what is wrong, and what would be right.</param>
    /// <param name="members">Further members of the answer.</param>
    public static ProblemHttpResult Of(int status, string code, string? detail, Dictionary<string, object?>? members = null) =>
        TypedResults.Problem(detail, statusCode: status, extensions: new Dictionary<string, object?>(members ?? []) { ["code"] = code });

    /// <summary>The problem for a status that no endpoint of ours has explained: it came from routing, from the server or from an exception.</summary>
    public static ProblemHttpResult Of(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => Of(status, "unauthenticated", null),
        StatusCodes.Status403Forbidden => Of(status, "forbidden", null),
        StatusCodes.Status404NotFound => Of(status, "not_found", "There is nothing at this address."),
        StatusCodes.Status405MethodNotAllowed => Of(status, "method_not_allowed", "The address exists, but not for this method; the header Allow names those that do."),
        StatusCodes.Status408RequestTimeout => Of(status, "request_timeout", "The request came too slowly."),
        StatusCodes.Status413PayloadTooLarge => Of(status, "body_too_large", "The body has more bytes than this address reads."),
        StatusCodes.Status415UnsupportedMediaType => Of(status, "unsupported_media_type", "The body is in no media type that is read here."),
        StatusCodes.Status429TooManyRequests => Of(status, "rate_limited", null),
        StatusCodes.Status504GatewayTimeout => Of(status, "timeout", "The answer took too long. Whether something was done is not known."),
        StatusCodes.Status503ServiceUnavailable => Of(status, "unavailable", "Who would have to answer cannot be reached at the moment. Try again."),
        >= 500 => Of(status, "internal_error", "The service failed; its log says why."),
        _ => Of(status, "bad_request", "The request breaks the rules of HTTP, or its body ended before it was complete."),
    };
}
