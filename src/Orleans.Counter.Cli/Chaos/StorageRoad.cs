using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Orleans.Counter.Cli.Chaos;

/// <summary>
/// The road to a storage on this machine: it looks like the storage, at another port. What happens on it is up to its kind; it can also be closed, and
/// nobody answers.
/// </summary>
/// <remarks>A signature covers the path, which names the account, and not the port: requests pass as they are.</remarks>
/// <param name="storagePort">Where the storage is.</param>
internal abstract class StorageRoad(int storagePort) : IAsyncDisposable
{
    private static readonly string[] OfTheConnection = ["Connection", "Content-Length", "Host", "Keep-Alive", "Transfer-Encoding"];

    private readonly HttpClient _storage = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private WebApplication? _open;

    /// <summary>Where the road begins; known once it was open.</summary>
    public int Port { get; private set; }

    public async Task Open()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Port));
        _open = builder.Build();
        _open.Run(async context => await Carry(await Request.Read(context)));
        await _open.StartAsync();
        Port = new Uri(_open.Urls.Single()).Port;
    }

    /// <summary>Cuts what is under way, and refuses what comes.</summary>
    public async Task Close()
    {
        if (_open is null) return;
        await _open.StopAsync(new CancellationToken(canceled: true));
        await _open.DisposeAsync();
        _open = null;
    }

    public async ValueTask DisposeAsync()
    {
        await Close();
        _storage.Dispose();
    }

    /// <summary>What happens to a request.</summary>
    protected abstract Task Carry(Request request);

    /// <summary>Brings a request to the storage, which has done what it says when this returns.</summary>
    protected async Task<HttpResponseMessage> Forward(Request request)
    {
        // To the letter, or the signature does not fit any more.
        var target = new Uri($"http://127.0.0.1:{storagePort}{request.Target}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var forwarded = new HttpRequestMessage(new(request.Method), target) { Content = new ByteArrayContent(request.Body) };
        foreach (var (name, values) in request.Headers)
        {
            if (OfTheConnection.Contains(name, StringComparer.OrdinalIgnoreCase)) continue;
            if (!forwarded.Headers.TryAddWithoutValidation(name, values)) forwarded.Content.Headers.TryAddWithoutValidation(name, values);
        }

        return await _storage.SendAsync(forwarded);
    }

    protected static async Task Answer(Request request, HttpResponseMessage answer)
    {
        using (answer)
        {
            var response = request.Context.Response;
            response.StatusCode = (int)answer.StatusCode;
            foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
                if (!OfTheConnection.Contains(name, StringComparer.OrdinalIgnoreCase)) response.Headers[name] = values.ToArray();
            if (request.Method is "HEAD") response.ContentLength = answer.Content.Headers.ContentLength;
            var hasBody = answer.StatusCode is not (HttpStatusCode.NoContent or HttpStatusCode.NotModified) && request.Method is not "HEAD";
            if (hasBody) await answer.Content.CopyToAsync(response.Body);
        }
    }

    /// <summary>A request that has come in whole, and the connection on which it waits for its answer.</summary>
    protected sealed record Request(HttpContext Context, string Method, string Target, IReadOnlyDictionary<string, string[]> Headers, byte[] Body)
    {
        public bool IsTransaction => Path.EndsWith("/$batch", StringComparison.Ordinal);

        /// <summary>True for a transaction and for a write of one row or blob; not for the making of a table.</summary>
        public bool IsWrite => Method is not ("GET" or "HEAD") && !Path.EndsWith("/Tables", StringComparison.Ordinal);

        private string Path => Target.Split('?')[0];

        public static async Task<Request> Read(HttpContext context)
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.Select(value => value ?? "").ToArray());
            return new(context, context.Request.Method, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, headers, body.ToArray());
        }

        /// <summary>Closes the connection without an answer.</summary>
        public void Drop() => Context.Abort();
    }
}
