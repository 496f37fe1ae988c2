using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Http;
using Orleans.Counter.Ingest;
using Orleans.Counter.Tests.Http;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

/// <summary>The HTTP end of the service on a free port, with a hub in memory behind it and a clock that only the test moves.</summary>
internal sealed class IngestHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private IngestHost(WebApplication app, MemoryHub hub, WatchedTime time)
    {
        (_app, Hub, Time) = (app, hub, time);
        Http = new() { BaseAddress = new(app.Urls.First()) };
    }

    public MemoryHub Hub { get; }

    public WatchedTime Time { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Starts and waits until events are accepted.</summary>
    public static Task<IngestHost> Start(params (string Key, string Value)[] settings) => Start(_ => { }, settings);

    /// <summary>Starts with what else the test needs, and waits until events are accepted.</summary>
    public static async Task<IngestHost> Start(Action<WebApplicationBuilder> add, params (string Key, string Value)[] settings)
    {
        var time = new WatchedTime();
        var host = await Start(new MemoryHub(4, time), time, add, settings);
        await host.Services.GetRequiredService<FramePublisher>().Known.WaitAsync(Stop);
        return host;
    }

    /// <summary>Starts, whatever the hub says.</summary>
    public static Task<IngestHost> Start(MemoryHub hub, WatchedTime time, params (string Key, string Value)[] settings) => Start(hub, time, _ => { }, settings);

    private static async Task<IngestHost> Start(MemoryHub hub, WatchedTime time, Action<WebApplicationBuilder> add, (string Key, string Value)[] settings)
    {
        var app = Build(hub, time, ["--urls", "http://127.0.0.1:0", .. settings.Select(setting => $"--{setting.Key}={setting.Value}")], add);
        await app.StartAsync(Stop);
        return new(app, hub, time);
    }

    /// <param name="hub">What takes the events.</param>
    /// <param name="time">What time it is.</param>
    /// <param name="args">Settings.</param>
    /// <param name="add">Adds what else the test needs.</param>
    public static WebApplication Build(MemoryHub hub, WatchedTime time, string[] args, Action<WebApplicationBuilder>? add = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(time).AddSingleton<IEventHub>(hub);
        add?.Invoke(builder);
        builder.AddHttp();
        builder.AddAcceptance();
        builder.AddIngest();
        var app = builder.Build();
        app.UseHttp();
        app.MapHealth();
        app.MapIngest();
        app.MapGet("/throws", string () => throw new InvalidOperationException("a secret"));
        return app;
    }

    public Task<Answer> PostEvents(string json, string? mediaType = "application/json") => Post("/v1/events", Encoding.UTF8.GetBytes(json), mediaType);

    public Task<Answer> PostView(string video, string body, string? mediaType = "application/json") =>
        Post($"/v1/videos/{video}/views", Encoding.UTF8.GetBytes(body), mediaType);

    public Task<Answer> Post(string path, byte[] body, string? mediaType)
    {
        var content = new ByteArrayContent(body);
        if (mediaType is not null) content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
        return Post(path, content);
    }

    public async Task<Answer> Post(string path, HttpContent content)
    {
        using var response = await Http.PostAsync(path, content, Stop);
        return await Answer.Read(response);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>What came back.</summary>
internal sealed record Answer(HttpStatusCode Status, string? MediaType, TimeSpan? RetryAfter, JsonNode? Body)
{
    /// <summary>The code of a problem.</summary>
    public string? Code => (string?)Body?["code"];

    public string Detail => (string?)Body?["detail"] ?? string.Empty;

    public int Accepted => (int)Body!["accepted"]!;

    /// <summary>"index code" of each rejected event.</summary>
    public string Rejected => string.Join(", ", Body!["rejected"]!.AsArray().Select(one => $"{one!["index"]} {one["code"]}"));

    public static async Task<Answer> Read(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var answer = new Answer(
            response.StatusCode, response.Content.Headers.ContentType?.MediaType, response.Headers.RetryAfter?.Delta,
            text.Length == 0 ? null : JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }));
        KeepsToTheDocument(response, answer);
        return answer;
    }

    // Endpoints that only tests have are of no matter to it.
    private static void KeepsToTheDocument(HttpResponseMessage response, Answer answer)
    {
        var (method, target) = (response.RequestMessage!.Method.Method, response.RequestMessage.RequestUri!.PathAndQuery);
        if (ApiContract.Find(method, target) is null) return;
        Assert.Null(ApiContract.Fault(method, target, new((int)answer.Status, answer.MediaType, answer.Body, name => response.Headers.Contains(name) || response.Content.Headers.Contains(name))));
    }

    /// <summary>Asserts an error in the one form that errors have.</summary>
    public Answer IsProblem(HttpStatusCode status, string code)
    {
        Assert.Equal((status, code, "application/problem+json"), (Status, Code, MediaType));
        Assert.Equal((int)status, (int?)Body!["status"]);
        return this;
    }

    public Answer IsAccepted(int events, string rejected = "")
    {
        Assert.Equal((HttpStatusCode.Accepted, events, rejected), (Status, Accepted, Rejected));
        return this;
    }
}
