using Orleans.Counter.Counting;

namespace Orleans.Counter.Benchmarks.Stages;

/// <summary>What stays in memory for one unit.</summary>
internal sealed record HeldFigures(string What, string Per, double BytesHeld)
{
    public override string ToString() => $"{What,-12} {BytesHeld,11:0} bytes held per {Per}";
}

/// <summary>What memory holds of videos: each that is awake, with everything that Orleans keeps of it, and each that its shard remembers.</summary>
internal static class HeldStages
{
    private const int Videos = 100_000;
    private const int CallsAtOnce = 256; // as a shard

    public static async Task<IReadOnlyList<HeldFigures>> Measure()
    {
        await using var river = await MemoryRiver.Start();
        await Count(river, "warm", 1_000);
        var before = Held();
        await Count(river, "held", Videos);
        var awake = Held() - before;

        before = Held();
        var remembered = Named("held", Videos).ToDictionary(video => video, video => new GivenVideo(river.Grains.GetGrain<IVideoGrain>(video.Value)));
        var kept = Held() - before;
        GC.KeepAlive(remembered);
        return [new("awake", "video", awake / Videos), new("remembered", "video", kept / Videos)];
    }

    /// <summary>A view of each of so many videos, whose shards know nothing of them.</summary>
    private static async Task Count(MemoryRiver river, string prefix, int videos)
    {
        Entry[] entries = [new(Position.Of(0, 1), EventType.View, Minute.Of(DateTimeOffset.UtcNow), Cell.One(1), 0)];
        foreach (var window in Named(prefix, videos).Chunk(CallsAtOnce))
            await Task.WhenAll(window.Select(video => river.Grains.GetGrain<IVideoGrain>(video.Value).Apply(Position.Start, entries).AsTask()));
    }

    private static IEnumerable<VideoId> Named(string prefix, int count) => Enumerable.Range(0, count).Select(number => VideoId.Parse($"{prefix}-{number}"));

    private static double Held() => GC.GetTotalMemory(forceFullCollection: true);
}
