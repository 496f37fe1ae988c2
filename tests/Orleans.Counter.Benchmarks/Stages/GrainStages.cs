using Google.Protobuf;
using Orleans.Counter.Counting;
using Orleans.Counter.Query;
using Orleans.Counter.Tests;

namespace Orleans.Counter.Benchmarks.Stages;

/// <summary>What Orleans costs: a call to a video, and the whole way from the hub to its grain. Processor time, because both use all processors.</summary>
internal static class GrainStages
{
    private const int Rounds = 7;
    private const int Calls = 20_000;
    private const int CallsAtOnce = 256; // as a shard
    private const int Events = 100_000;
    private const int ChannelVideos = 5_000;
    private const int Questions = 20;

    public static async Task<IReadOnlyList<StageFigures>> Measure()
    {
        await using var river = await MemoryRiver.Start();
        IVideoGrain[] videos = [.. Workload.Videos(Calls).Select(video => river.Grains.GetGrain<IVideoGrain>($"{video}-"))]; // Videos of which the log knows nothing.
        var activate = await Measure("activate", "video", rounds: 1, Calls, Task.FromResult, _ => Call(videos, 0));
        var call = await Measure("call", "call", Rounds, Calls, Task.FromResult, round => Call(videos, round + 1));
        var counted = await Measure("river", "event", Rounds, Events, round => Task.Run(() => new StageData(Events, 100 + round)), data => river.Count(data.Frames));
        var channel = Workload.Videos(ChannelVideos).Select(video => VideoId.Parse($"{video}-owned")).ToList();
        foreach (var window in channel.Chunk(CallsAtOnce)) await Task.WhenAll(window.Select(video => river.Grains.GetGrain<IVideoGrain>(video.Value).Describe(new(null, "channel")).AsTask()));
        var counts = new ChannelCounts(river.Grains, MemoryTiers.Counts(river.Grains, new MemoryCountStore()));
        await Ask(counts, 1);
        var resting = await Measure("channel", "question", Rounds, Questions, Task.FromResult, _ => Ask(counts, Questions));
        var moving = await Measure("channel moves", "question", Rounds, 1, round => Give(river, channel, round), _ => Ask(counts, 1));
        return [activate, call, counted, resting, moving];
    }

    private static async Task Ask(ChannelCounts counts, int times)
    {
        for (; times > 0; times--) await counts.Count("channel", EventType.View, MinuteRange.Everything, Seen.Anything, CancellationToken.None);
    }

    /// <summary>An event for each of them.</summary>
    private static async Task<int> Give(MemoryRiver river, List<VideoId> videos, int round)
    {
        var now = DateTimeOffset.UtcNow;
        await river.Count([.. videos.GroupBy(video => Shard.Of(video).Partition(StageData.Partitions)).Select(partition =>
            new PartitionFrame(partition.Key, Tests.Events.Frame([.. partition.Select(video => new Event(video, now))]).ToByteArray(), partition.Count()))]);
        return round;
    }

    private static async Task Call(IVideoGrain[] videos, int round)
    {
        Entry[] entries = [new(Position.Of(0, round), EventType.View, Minute.Of(DateTimeOffset.UtcNow), Cell.One(1), 0)];
        foreach (var window in videos.Chunk(CallsAtOnce)) await Task.WhenAll(window.Select(video => video.Apply(Position.Start, entries).AsTask()));
    }

    private static async Task<StageFigures> Measure<T>(string stage, string per, int rounds, int units, Func<int, Task<T>> prepare, Func<T, Task> run)
    {
        var (times, bytes) = (new double[rounds], new double[rounds]);
        for (var round = 0; round < rounds; round++)
        {
            var prepared = await prepare(round);
            GC.Collect();
            var (allocated, used) = (GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime);
            await run(prepared);
            times[round] = (Environment.CpuUsage.TotalTime - used).TotalNanoseconds / units;
            bytes[round] = (double)(GC.GetTotalAllocatedBytes() - allocated) / units;
        }

        return new(stage, per, Meter.Median(times), Meter.Median(bytes));
    }
}
