using Orleans.Counter.Tests.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Security;

public sealed class OpenDoorTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://*:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://127.0.0.1:0;http://0.0.0.0:0")]
    public async Task Without_keys_the_service_does_not_listen_to_the_network(string urls)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Start("--urls", urls));

        Assert.Contains("Auth:AllowOpenOnNetwork", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_from_the_configuration_is_no_way_around() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => Start("--Kestrel:Endpoints:Any:Url=http://0.0.0.0:0"));

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://[::1]:0")]
    public async Task Loopback_is_fine(string url) => await Start("--urls", url);

    [Fact]
    public async Task Whoever_means_it_may_open_the_door() => await Start("--urls", "http://0.0.0.0:0", "--Auth:AllowOpenOnNetwork=true");

    [Fact]
    public async Task A_mode_that_does_not_exist_is_an_error_and_not_an_open_door()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Start("--urls", "http://127.0.0.1:0", "--Auth:Mode=Keys"));

        Assert.Contains("it is Open (", refused.Message, StringComparison.Ordinal);
    }

    private static async Task Start(params string[] args)
    {
        var time = new WatchedTime();
        await using var hub = new MemoryHub(1, time);
        await using var app = IngestHost.Build(hub, time, args);
        await app.StartAsync(Stop);
        await app.StopAsync(Stop);
    }
}
