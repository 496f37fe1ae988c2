using System.Globalization;
using System.Net;
using System.Text;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Known;

/// <summary>A stranger makes up videos, as many as he can send. COUNTER_LONG=1 sends a million.</summary>
[Collection(nameof(InventedVideosCollection))]
public sealed class InventedVideosTests(ITestOutputHelper output)
{
    private const int Batch = 5_000;
    private const long GrowthMax = 64 << 20; // A million ids alone would take more.

    private static readonly int Invented = Environment.GetEnvironmentVariable("COUNTER_LONG") is "1" ? 1_000_000 : 50_000;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Where_only_known_videos_are_counted_invented_ones_leave_memory_and_tables_as_they_were()
    {
        var store = new ReadsCounted();
        await using var cluster = await CounterCluster.Start(store);
        await using var instance = await ApiInstance.Start(cluster, null, "--Ingest:KnownVideosOnly=true");
        for (var number = 0; number < 200; number++) await instance.Put($"known-{number}");
        await Send(instance, "warm", 4 * Batch); // Buffers, filters, code.
        await cluster.Stored();
        var (rows, reads, awake, held) = (store.Videos.Count, store.Reads, cluster.VideosAwake, GC.GetTotalMemory(forceFullCollection: true));

        await Send(instance, "invented", Invented);

        await cluster.Stored();
        var (rowsAfter, readsAfter, heldAfter) = (store.Videos.Count, store.Reads, GC.GetTotalMemory(forceFullCollection: true));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Invented:N0} invented videos: {rows} rows before and {rowsAfter} after, {readsAfter - reads} reads, {awake} videos awake before and {cluster.VideosAwake} after, {held / 1024:N0} KiB in memory before and {heldAfter / 1024:N0} after."));
        Assert.Equal((rows, awake), (rowsAfter, cluster.VideosAwake));
        Assert.InRange(readsAfter - reads, 0, Invented / 1_000);
        Assert.InRange(heldAfter, 0, held + GrowthMax);
    }

    /// <summary>Batches of invented videos, four at a time; each has an event of a known one in its midst, which counts.</summary>
    private static Task Send(ApiInstance instance, string prefix, int count) => Parallel.ForEachAsync(
        Enumerable.Range(0, count / Batch),
        new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Stop },
        async (batch, _) =>
        {
            var body = new StringBuilder(200_000);
            for (var number = 0; number < Batch; number++)
            {
                var video = number == Batch / 2 ? $"known-{batch % 200}" : $"{prefix}-{batch}-{number}";
                body.Append(CultureInfo.InvariantCulture, $"{{\"videoId\":\"{video}\"}}\n");
            }

            var answer = await instance.Events(body.ToString(), "application/x-ndjson");
            Assert.Equal((HttpStatusCode.Accepted, 1), (answer.Status, answer.Accepted));
            Assert.Equal(Batch - 1, answer.Body!["rejected"]!.AsArray().Count(one => (string?)one!["code"] == "unknown_video"));
        });

    private sealed class ReadsCounted : MemoryCountStore
    {
        private int _reads;

        public int Reads => _reads;

        public override ValueTask<Versioned<VideoRow>?> ReadVideo(VideoId video, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _reads);
            return base.ReadVideo(video, cancellationToken);
        }
    }
}

/// <summary>Alone in its process: other tests would use the memory that is measured here.</summary>
[CollectionDefinition(nameof(InventedVideosCollection), DisableParallelization = true)]
public sealed class InventedVideosCollection;
