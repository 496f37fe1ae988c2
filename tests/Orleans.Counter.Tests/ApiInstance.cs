using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Counter.Audit;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Http;
using Orleans.Counter.Ingest;
using Orleans.Counter.Known;
using Orleans.Counter.Query;
using Orleans.Counter.Recount;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests;

/// <summary>An API in front of a cluster, over HTTP.</summary>
internal sealed class ApiInstance : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http;

    private ApiInstance(WebApplication app) => (_app, _http) = (app, new() { BaseAddress = new(app.Urls.First()) });

    public static async Task<ApiInstance> Start(CounterCluster cluster, TimeProvider? clock = null, params string[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0", .. settings]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(cluster.Grains).AddSingleton<ICountStore>(cluster.Store).AddSingleton<IRollupStore>(cluster.Store).AddSingleton<ISegmentStore>(cluster.Segments).AddSingleton<IEventHub>(cluster.Hub).AddSingleton<IDeadLetterBox>(cluster.DeadLetters).AddSingleton(clock ?? TimeProvider.System);
        builder.AddHttp();
        builder.AddAcceptance();
        builder.AddIngest();
        builder.AddKnown();
        builder.AddQuery();
        builder.AddAudit();
        var app = builder.Build();
        app.UseHttp();
        app.MapIngest();
        app.MapQuery();
        app.MapAudit();
        app.MapRecount();
        await app.StartAsync(Stop);
        await app.Services.GetRequiredService<FramePublisher>().Known.WaitAsync(Stop);
        return new(app);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public Uri Address => _http.BaseAddress!;

    public Task<Answer> View(string video) => Send(HttpMethod.Post, $"/v1/videos/{video}/views");

    public Task<Answer> Put(string video) => Send(HttpMethod.Put, $"/v1/videos/{video}", """{"title":"A title"}""");

    public Task<Answer> Events(string body, string mediaType) => Events(Encoding.UTF8.GetBytes(body), mediaType);

    public async Task<Answer> Events(byte[] body, string mediaType)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new(mediaType) } };
        using var response = await _http.PostAsync("/v1/events", content, Stop);
        return await Answer.Read(response);
    }

    public async Task<Answer> Send(HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = json is null ? null : new StringContent(json, new MediaTypeHeaderValue("application/json")) };
        using var response = await _http.SendAsync(request, Stop);
        return await Answer.Read(response);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
    }
}
