using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Http;
using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Http;

public sealed class HealthTests : IAsyncLifetime
{
    private readonly SiloLifecycleSubject _silo = new(NullLogger<SiloLifecycleSubject>.Instance);
    private IngestHost _host = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await IngestHost.Start();
        _host.Services.GetRequiredService<Readiness>().Participate(_silo);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_process_is_live_before_its_silo_is_ready()
    {
        await Is("live", HttpStatusCode.OK, "live");
        await Is("ready", HttpStatusCode.ServiceUnavailable, "not ready");
        await Is("startup", HttpStatusCode.ServiceUnavailable, "not started");
    }

    [Fact]
    public async Task A_silo_is_ready_while_it_is_in_the_cluster_and_has_started_for_good()
    {
        await _silo.OnStart(Stop);
        await Is("ready", HttpStatusCode.OK, "ready");
        await Is("startup", HttpStatusCode.OK, "started");

        await _silo.OnStop(Stop);
        await Is("ready", HttpStatusCode.ServiceUnavailable, "not ready");
        await Is("startup", HttpStatusCode.OK, "started");
        await Is("live", HttpStatusCode.OK, "live");
    }

    [Fact]
    public async Task A_silo_is_not_ready_from_the_moment_its_host_begins_to_stop()
    {
        await _silo.OnStart(Stop);
        var ready = _host.Services.GetRequiredService<Readiness>();
        Assert.True(ready.IsReady);

        _host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Assert.False(ready.IsReady);
    }

    [Fact]
    public async Task A_hub_that_is_down_changes_nothing()
    {
        await _silo.OnStart(Stop);
        _host.Hub.Down = EventHubsFailure.Communication;

        await Is("ready", HttpStatusCode.OK, "ready");
    }

    private async Task Is(string question, HttpStatusCode status, string answer)
    {
        using var response = await _host.Http.GetAsync(new Uri($"/health/{question}", UriKind.Relative), Stop);
        Assert.Equal((status, $$"""{"status":"{{answer}}"}"""), (response.StatusCode, await response.Content.ReadAsStringAsync(Stop)));
    }
}
