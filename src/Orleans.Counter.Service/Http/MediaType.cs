using Microsoft.Net.Http.Headers;

namespace Orleans.Counter.Http;

/// <summary>What a request says that its body is.</summary>
internal static class MediaType
{
    public const string Json = "application/json";

    public const string Lines = "application/x-ndjson";

    public const string Protobuf = "application/x-protobuf";

    public const string Text = "text/plain";

    /// <summary>True if the body is one of these, in UTF-8 as far as it says.</summary>
    public static bool IsOneOf(HttpRequest request, params ReadOnlySpan<string> types)
    {
        if (request.Headers.ContentEncoding.Count > 0 || !MediaTypeHeaderValue.TryParse(request.ContentType, out var given)) return false;
        if (given.Charset.HasValue && !HeaderUtilities.RemoveQuotes(given.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)) return false;
        foreach (var type in types) if (given.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
