using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Counter.Audit;
using Orleans.Counter.EventHubs;
using Orleans.Counter.History;
using Orleans.Counter.Http;
using Orleans.Counter.Ingest;
using Orleans.Counter.Page;
using Orleans.Counter.Query;
using Orleans.Counter.Recount;
using Orleans.Counter.Rollup;
using Orleans.Counter.Security;
using Orleans.Counter.Storage;
using Orleans.Counter.Tests.Ingest;
using Orleans.Counter.Tests.Security;
using Xunit;

namespace Orleans.Counter.Tests.Http;

/// <summary>The whole HTTP end of the service, as its <c>Program.cs</c> puts it together, with a silo of this process behind it, and a hub, a store and keys in memory.</summary>
internal sealed class WholeService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WholeService(WebApplication app, CounterCluster cluster, MemoryKeys keys)
    {
        (_app, Cluster, Keys) = (app, cluster, keys);
        Http = new() { BaseAddress = new(app.Urls.First()) };
    }

    public CounterCluster Cluster { get; }

    public MemoryKeys Keys { get; }

    public HttpClient Http { get; }

    public int Port => Http.BaseAddress!.Port;

    public IServiceProvider Services => _app.Services;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static Task<WholeService> Start(params (string Key, string Value)[] settings) => Start(_ => { }, settings);

    /// <param name="add">Adds what else the test needs.</param>
    /// <param name="settings">Settings; the mode is Open if they do not say another one.</param>
    public static async Task<WholeService> Start(Action<WebApplicationBuilder> add, params (string Key, string Value)[] settings)
    {
        var cluster = await CounterCluster.Start(checkpointEvery: TimeSpan.FromSeconds(1), beat: TimeSpan.FromSeconds(1), rollup: true); // at a pace that leaves time for requests
        var live = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-9);
        foreach (var group in Group.All) if (await cluster.Store.ReadGroup(group, Stop) is null) await cluster.Store.WriteGroup(group, new(live, live.AddDays(-1), live.AddDays(-1)), null, [], Stop);
        var keys = new MemoryKeys();
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0", .. settings.Select(setting => $"--{setting.Key}={setting.Value}")]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(cluster.Grains).AddSingleton<ICountStore>(cluster.Store).AddSingleton<IRollupStore>(cluster.Store).AddSingleton<ISegmentStore>(cluster.Segments).AddSingleton<IEventHub>(cluster.Hub).AddSingleton<IDeadLetterBox>(cluster.DeadLetters).AddSingleton<IKeyStore>(keys);
        add(builder);
        builder.AddHttp();
        builder.AddAcceptance();
        builder.AddIngest();
        builder.AddQuery();
        builder.AddHistory();
        builder.AddAudit();
        builder.AddApiDocument();
        var app = builder.Build();
        app.UseHttp();
        app.MapHealth();
        app.MapIngest();
        app.MapQuery();
        app.MapRollup();
        app.MapHistory();
        app.MapAudit();
        app.MapRecount();
        app.MapApiDocument();
        app.MapSession();
        app.MapPage();
        await app.StartAsync(Stop);
        await app.Services.GetRequiredService<FramePublisher>().Known.WaitAsync(Stop);
        var silo = new SiloLifecycleSubject(NullLogger<SiloLifecycleSubject>.Instance);
        app.Services.GetRequiredService<Readiness>().Participate(silo);
        await silo.OnStart(Stop);
        return new(app, cluster, keys);
    }

    /// <summary>Asks, with headers that are written as <c>Name: value</c>.</summary>
    public async Task<HttpResponseMessage> Send(string method, string address, params string[] headers)
    {
        using var request = new HttpRequestMessage(new(method), address);
        foreach (var header in headers) request.Headers.TryAddWithoutValidation(header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 2)..]);
        return await Http.SendAsync(request, Stop);
    }

    /// <summary>As <see cref="Send(string, string, string[])"/>, and reads an answer that is JSON.</summary>
    public async Task<Answer> Ask(string method, string address, params string[] headers)
    {
        using var response = await Send(method, address, headers);
        return await Answer.Read(response);
    }

    /// <summary>Sends a body.</summary>
    public async Task<Answer> Send(string method, string address, string body, string mediaType)
    {
        using var request = new HttpRequestMessage(new(method), address) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", mediaType);
        using var response = await Http.SendAsync(request, Stop);
        return await Answer.Read(response);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}

/// <summary>One for all tests of a class.</summary>
public sealed class RunningService : IAsyncLifetime
{
    internal WholeService Service { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Service = await WholeService.Start();

    public ValueTask DisposeAsync() => Service.DisposeAsync();
}
