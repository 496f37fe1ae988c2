using System.Collections.Concurrent;
using System.Net;
using System.Text;

namespace Orleans.Counter.Tests.Cli;

/// <summary>Answers from a list, one after the other, and keeps what it was asked.</summary>
internal sealed class RecordingHandler(params Func<HttpResponseMessage>[] answers) : HttpMessageHandler
{
    public ConcurrentQueue<(string Url, string Body)> Requests { get; } = [];

    public static HttpResponseMessage Json(HttpStatusCode status, string body, string mediaType = "application/json") =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, mediaType) };

    public static HttpResponseMessage Problem(HttpStatusCode status, string body) => Json(status, body, "application/problem+json");

    public static HttpResponseMessage Accepted(int count) => Json(HttpStatusCode.Accepted, $$"""{"accepted":{{count}},"rejected":[]}""");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        Requests.Enqueue((request.RequestUri!.PathAndQuery, body));
        return answers[Requests.Count - 1]();
    }
}
