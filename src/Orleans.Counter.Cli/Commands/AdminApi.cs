using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Orleans.Counter.Cli.Commands;

/// <summary>The part of a service that is for those who operate it, as its commands ask it.</summary>
internal static class AdminApi
{
    /// <exception cref="CommandFailedException">Nobody answers.</exception>
    public static async Task<HttpClient> Open(Uri url, string? key, CancellationToken cancellationToken)
    {
        // A replay of many videos takes its time.
        var http = new HttpClient { BaseAddress = new($"{url.AbsoluteUri.TrimEnd('/')}/"), Timeout = TimeSpan.FromMinutes(10) };
        ServiceKey.AddTo(http, key);
        await ServiceUrl.RequireAnswer(http, cancellationToken);
        return http;
    }

    /// <returns>The answer's body; null if it has none.</returns>
    /// <exception cref="CommandFailedException">The service refuses; the message says why.</exception>
    public static async Task<JsonNode?> Ask(HttpClient http, HttpMethod method, string address, CancellationToken cancellationToken, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(method, address) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await http.SendAsync(request, cancellationToken);
        var isEmpty = answer.Content.Headers.ContentType is null;
        var said = isEmpty ? null : await answer.Content.ReadFromJsonAsync<JsonNode>(cancellationToken);
        if (answer.IsSuccessStatusCode) return said;
        throw new CommandFailedException($"{address} is answered {(int)answer.StatusCode} {said?["code"]}: {said?["detail"] ?? "without a word"}");
    }
}
