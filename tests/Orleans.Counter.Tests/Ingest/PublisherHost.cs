using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Counter.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

/// <summary>A publisher without HTTP: when <see cref="Publish"/> returns, the event is in a frame, so a test knows the order of things.</summary>
internal sealed class PublisherHost : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FramePublisher _publisher;

    private PublisherHost(IngestOptions options, int partitions)
    {
        Hub = new(partitions, Time);
        var waiting = new WaitingBytes();
        var instruments = new IngestInstruments(_services.GetRequiredService<IMeterFactory>(), waiting);
        _publisher = new(Hub, Options.Create(options), Time, instruments, waiting, NullLogger<FramePublisher>.Instance);
    }

    public WatchedTime Time { get; } = new();

    public MemoryHub Hub { get; }

    public static async Task<PublisherHost> Start(IngestOptions? options = null, int partitions = 1)
    {
        var host = new PublisherHost(options ?? new(), partitions);
        await host._publisher.StartAsync(TestContext.Current.CancellationToken);
        await host._publisher.Known.WaitAsync(TestContext.Current.CancellationToken);
        return host;
    }

    public Task<bool> Publish(params ReadOnlySpan<string> videos)
    {
        var body = EventBody.Of([]);
        using var batch = new EventBatch(body);
        foreach (var video in videos)
        {
            var utf8 = Encoding.ASCII.GetBytes(video);
            batch.Add(new() { VideoStart = body.Append(utf8), VideoLength = (byte)utf8.Length, Time = Time.GetUtcNow().ToUnixTimeMilliseconds(), Value = 1 });
        }

        return _publisher.Publish(batch).Accepted;
    }

    /// <summary>Event counts of a partition's messages, in the order of the log.</summary>
    public string Messages(string partition = "0") => string.Join(' ', Hub.Log(partition).Select(message => message.EventsProperty()));

    /// <summary>Numbers of a partition's messages, in the order of the log.</summary>
    public string Numbers(string partition = "0") => string.Join(' ', Hub.Log(partition).Select(message => message.Frame().Number));

    public async ValueTask DisposeAsync()
    {
        await _publisher.StopAsync(CancellationToken.None);
        _publisher.Dispose();
        await _services.DisposeAsync();
    }
}
