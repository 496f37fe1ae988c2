using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Orleans.Counter.Http;

/// <summary>Reads small bodies, strictly: one value, no member twice, no text that is not Unicode.</summary>
internal static class JsonBody
{
    /// <summary>What may be answered to whoever sends a body.</summary>
    public static readonly string[] Codes = ["bad_request", "malformed_body", "unknown_member", "request_timeout", "body_too_large", "unsupported_media_type"];

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 4 };

    /// <summary>Has a body read; where it is wrong, the problem says what would be right.</summary>
    /// <param name="request">The request; its size is bounded by its endpoint.</param>
    /// <param name="read">Reads the body's only value, while it exists.</param>
    public static async Task<(T? Value, ProblemHttpResult? Problem)> Read<T>(HttpRequest request, Func<JsonElement, (T?, ProblemHttpResult?)> read)
        where T : class
    {
        if (!MediaType.IsOneOf(request, MediaType.Json))
            return (null, ApiProblem.Of(StatusCodes.Status415UnsupportedMediaType, "unsupported_media_type", "Supported here: application/json; in UTF-8, and not compressed."));
        try
        {
            using var bytes = new MemoryStream(); // Whole, because only what is read from memory is refused for a byte order mark.
            await request.Body.CopyToAsync(bytes, request.HttpContext.RequestAborted);
            using var body = JsonDocument.Parse(bytes.GetBuffer().AsMemory(0, (int)bytes.Length), Strict);
            return read(body.RootElement);
        }
        catch (IOException broken) when (broken is not BadHttpRequestException)
        {
            throw Breaks(broken);
        }
        catch (JsonException broken)
        {
            return (null, ApiProblem.Of(StatusCodes.Status400BadRequest, "malformed_body", broken.Message));
        }
        catch (InvalidOperationException)
        {
            return (null, ApiProblem.Of(StatusCodes.Status400BadRequest, "malformed_body", "A text in the body is not Unicode: it holds half of a surrogate pair."));
        }
    }

    /// <summary>What a body is that does not arrive as HTTP says. For some of it, such as a piece of more bytes than there are numbers, the server has no better word.</summary>
    public static BadHttpRequestException Breaks(IOException broken) => new("The body does not arrive as HTTP says.", broken);

    /// <summary>A text of the caller's, short enough to be said back.</summary>
    public static string Shown(string text) => text.Length <= 64 ? text : string.Concat(text.AsSpan(0, 64), "…");
}
