using Microsoft.Extensions.DependencyInjection;
using Orleans.Counter.Query;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>What reads all tiers, over stores in memory.</summary>
internal static class MemoryTiers
{
    public static VideoCounts Counts(IGrainFactory grains, MemoryCountStore store, ISegmentStore? segments = null, TimeProvider? clock = null) => new ServiceCollection()
        .AddMetrics().AddOptions().AddSingleton<QueryInstruments>().AddSingleton<Watermarks>().AddSingleton<PartCache>().AddSingleton<Tiers>().AddSingleton<VideoCounts>()
        .AddSingleton(grains).AddSingleton<ICountStore>(store).AddSingleton<IRollupStore>(store).AddSingleton(segments ?? new MemorySegmentStore()).AddSingleton(clock ?? TimeProvider.System)
        .BuildServiceProvider().GetRequiredService<VideoCounts>();
}
