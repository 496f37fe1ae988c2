using System.Net;
using System.Net.Sockets;
using Xunit;
using static Orleans.Counter.Tests.Azure.Dev.HubClient;

namespace Orleans.Counter.Tests.Azure.Dev;

/// <summary>What a reader that stops costs the endpoint.</summary>
public sealed class SlowReaderTests : IDisposable
{
    private const int EventBytes = 64_000;
    private const int Events = 3_500; // 224 MB
    private const int Credit = 5_000;
    private const long CostMax = 100_000_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _data = Directory.CreateTempSubdirectory("devhub-slow-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Theory]
    [InlineData("takes nothing from its socket")]
    [InlineData("settles nothing")]
    [InlineData("gives no credit")]
    public async Task A_reader_that_stops_while_224_MB_are_published_costs_less_than_100_MB_and_then_gets_them_all(string what)
    {
        await using var hub = await DevHubProcess.Start(_data, "--hub", "counts:2");
        await using var publisher = await HubClient.Open(hub.Port);
        var before = await Publish(hub, publisher, 0);

        await using var proxy = new StallingProxy(hub.Port);
        await using var client = await HubClient.Open(proxy.Port);
        var reader = await client.Reader("counts", 1, settled: what == "takes nothing from its socket");
        await (await publisher.Sender("counts/Partitions/1")).SendAsync(Event(1), Patience);
        reader.SetCredit(what == "gives no credit" ? 1 : Credit, Amqp.CreditMode.Manual);
        var message = await Next(reader);
        if (what == "takes nothing from its socket")
            proxy.Stall();
        var after = await Publish(hub, publisher, 1);
        TestContext.Current.TestOutputHelper?.WriteLine($"{before / 1_000_000} MB before, at most {after / 1_000_000} MB with a reader that {what}");
        Assert.True(after - before < CostMax, $"{before} bytes before, {after} after");

        proxy.Flow();
        if (what == "gives no credit")
            reader.SetCredit(Credit, Amqp.CreditMode.Manual);
        Assert.Equal(Enumerable.Range(1, Events).Select(i => (long)i), (await Next(reader, Events)).Select(Sequence));
        Assert.Equal(0, Sequence(message));
    }

    // The most memory that the process had while it took the events.
    private static async Task<long> Publish(DevHubProcess hub, HubClient publisher, int partition)
    {
        var sender = await publisher.Sender($"counts/Partitions/{partition}");
        var most = 0L;
        for (var i = 0; i < Events; i += 50)
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => sender.SendAsync(Event(new byte[EventBytes]), Patience)));
            most = Math.Max(most, hub.WorkingSet);
        }

        return most;
    }

    /// <summary>A network that takes nothing more from the endpoint, so that its socket is full.</summary>
    private sealed class StallingProxy : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task _serving;
        private volatile TaskCompletionSource _flow = new();

        public StallingProxy(int port)
        {
            _flow.SetResult();
            _listener.Start();
            _serving = Serve(port);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Stall() => _flow = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Flow() => _flow.TrySetResult();

        public async ValueTask DisposeAsync()
        {
            Flow();
            _listener.Stop();
            await _serving;
        }

        private async Task Serve(int port)
        {
            using var client = await _listener.AcceptTcpClientAsync();
            using var hub = new TcpClient();
            await hub.ConnectAsync(IPAddress.Loopback, port);
            await Task.WhenAny(Copy(client.GetStream(), hub.GetStream(), stalls: false), Copy(hub.GetStream(), client.GetStream(), stalls: true));
        }

        private async Task Copy(NetworkStream from, NetworkStream to, bool stalls)
        {
            var bytes = new byte[64 * 1024];
            try
            {
                while (await from.ReadAsync(bytes) is > 0 and var count)
                {
                    await to.WriteAsync(bytes.AsMemory(0, count));
                    if (stalls)
                        await _flow.Task;
                }
            }
            catch (IOException)
            {
                // One of them has gone.
            }
        }
    }
}
