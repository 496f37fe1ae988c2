using Microsoft.Extensions.Options;

namespace Orleans.Counter.Counting;

/// <summary>How much of the storage the shards of this silo take at once. Without a bound, all of them would store at the same time, and none would be done in time.</summary>
internal sealed class CountingGates(IOptions<CountingOptions> options) : IDisposable
{
    /// <summary>For shards that store what changed.</summary>
    public SemaphoreSlim Checkpoints { get; } = new(options.Value.CheckpointsAtOnce);

    /// <summary>For videos that wake up because an event came. Readers do not queue behind these.</summary>
    public SemaphoreSlim Loads { get; } = new(options.Value.LoadsAtOnce);

    public void Dispose()
    {
        Checkpoints.Dispose();
        Loads.Dispose();
    }
}
