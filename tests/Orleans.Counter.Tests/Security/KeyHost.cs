using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Counter.Ingest;
using Orleans.Counter.Security;
using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Security;

/// <summary>The way in with its door closed: whoever calls needs a key, or what else the settings say.</summary>
internal sealed class KeyHost : IAsyncDisposable
{
    private readonly MemoryHub _hub;

    private KeyHost(WebApplication app, MemoryHub hub, WatchedTime time, MemoryKeys keys)
    {
        (App, _hub, Time, Keys) = (app, hub, time, keys);
        Http = new() { BaseAddress = new(app.Urls.First()) };
    }

    public WebApplication App { get; }

    public WatchedTime Time { get; }

    public MemoryKeys Keys { get; }

    public HttpClient Http { get; }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static Task<KeyHost> Start(params (string Key, string Value)[] settings) => Start(_ => { }, settings);

    public static async Task<KeyHost> Start(Action<WebApplicationBuilder> add, params (string Key, string Value)[] settings)
    {
        var time = new WatchedTime();
        var keys = new MemoryKeys(time);
        var hub = new MemoryHub(2, time);
        string[] args = ["--urls", "http://127.0.0.1:0", "--Auth:Mode=ApiKey", .. settings.Select(setting => $"--{setting.Key}={setting.Value}")];
        var app = IngestHost.Build(hub, time, args, builder =>
        {
            builder.Services.AddSingleton<IKeyStore>(keys);
            add(builder);
        });
        app.MapSession();
        app.MapGet("/asked", () => "an answer").RequireScope(Scope.Read);
        app.MapGet("/never", async (HttpContext context) => await Task.Delay(Timeout.Infinite, context.RequestAborted)).RequireScope(Scope.Read);
        app.MapGet("/where", (HttpContext context) => $"{context.Connection.RemoteIpAddress}").RequireScope(Scope.Read);
        await app.StartAsync(Stop);
        await app.Services.GetRequiredService<FramePublisher>().Known.WaitAsync(Stop);
        return new(app, hub, time, keys);
    }

    /// <summary>Asks with headers, written as <c>Name: value</c>.</summary>
    public async Task<HttpResponseMessage> Send(string method, string path, params string[] headers)
    {
        using var request = new HttpRequestMessage(new(method), path);
        foreach (var header in headers) request.Headers.TryAddWithoutValidation(header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 2)..]);
        return await Http.SendAsync(request, Stop);
    }

    /// <summary>As <see cref="Send"/>, and reads an answer that is JSON.</summary>
    public async Task<Answer> Ask(string method, string path, params string[] headers)
    {
        using var response = await Send(method, path, headers);
        return await Answer.Read(response);
    }

    /// <summary>Sends one view with this key.</summary>
    public Task<Answer> View(string key) => Ask("POST", "/v1/videos/v/views", $"X-Api-Key: {key}");

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.DisposeAsync();
        await _hub.DisposeAsync();
    }
}
