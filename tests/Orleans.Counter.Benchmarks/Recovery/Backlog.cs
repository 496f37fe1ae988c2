using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Counter.Dev;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Ingest;

namespace Orleans.Counter.Benchmarks.Recovery;

/// <summary>A log that looks as if events had come for some minutes until now: written at full speed, under a clock that goes with it.</summary>
internal sealed class Backlog(int minutes, int eventsPerSecond, int partitions)
{
    private const int VideosPerPartition = 64;
    private const int EventsPerFrame = 500;
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);
    private readonly VideoId[][] _videos = [.. Enumerable.Range(0, partitions).Select(partition =>
        Enumerable.Range(0, int.MaxValue).Select(number => VideoId.Parse($"past-{number}")).Where(video => Shard.Of(video).Partition(partitions) == partition).Take(VideosPerPartition).ToArray())];

    private ulong _id;
    private ulong _number;

    /// <summary>What each video must count for it.</summary>
    public Dictionary<VideoId, long> Counts { get; } = [];

    /// <summary>All events that were written.</summary>
    public long Events => Counts.Values.Sum();

    /// <summary>Writes into the folder of a hub that does not run.</summary>
    public async Task Fill(string folder, CancellationToken cancellationToken)
    {
        var clock = new Clock(DateTimeOffset.UtcNow.AddMinutes(-minutes));
        var options = new DevHubOptions { Port = 0, DataDirectory = folder, TimeProvider = clock, Hubs = { ["events"] = partitions } };
        await using var devHub = await DevHub.StartAsync(options, cancellationToken);
        await using var hub = new AmqpEventHub(EventHubConnectionOptions.FromConnectionString(devHub.ConnectionString, "events"), TimeProvider.System, NullLogger<AmqpEventHub>.Instance);
        FrameBuilder[] builders = [.. Enumerable.Range(0, partitions).Select(_ => new FrameBuilder(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)))))];
        for (; clock.Now < DateTimeOffset.UtcNow; clock.Now += Step)
            await Task.WhenAll(Enumerable.Range(0, partitions).SelectMany(partition => Frames(partition, builders[partition], clock.Now)
                .Select(frame => hub.Send(partition.ToString(CultureInfo.InvariantCulture), new(frame), cancellationToken))));
    }

    // What comes in a step: of all videos in turn, each event with an id of its own.
    private IEnumerable<byte[]> Frames(int partition, FrameBuilder frame, DateTimeOffset now)
    {
        var left = (int)(eventsPerSecond * Step.TotalSeconds / partitions);
        while (left > 0)
        {
            var events = Math.Min(left, EventsPerFrame);
            for (var i = 0; i < events; i++)
            {
                var video = _videos[partition][++_id % VideosPerPartition];
                frame.Add(Encoding.ASCII.GetBytes(video.Value), "view"u8, _id, now.ToUnixTimeMilliseconds() - (i % 5), 1);
                Counts[video] = Counts.GetValueOrDefault(video) + 1;
            }

            left -= events;
            yield return frame.Build(++_number);
        }
    }

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        private long _ticks = now.UtcTicks;

        public DateTimeOffset Now
        {
            get => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);
            set => Interlocked.Exchange(ref _ticks, value.UtcTicks);
        }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
