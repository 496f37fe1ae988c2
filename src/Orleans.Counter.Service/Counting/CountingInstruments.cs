using System.Diagnostics.Metrics;

namespace Orleans.Counter.Counting;

/// <summary>What this stage tells the outside world. Videos are never tags: there are too many of them.</summary>
internal sealed class CountingInstruments
{
    public const string Name = "Orleans.Counter.Counting";

    private readonly Counter<long> _deliveries;
    private readonly Counter<long> _calls;
    private readonly Counter<long> _checkpoints;
    private readonly Counter<long> _flushed;
    private readonly Counter<long> _wentBack;
    private readonly Counter<long> _loaded;

    public CountingInstruments(IMeterFactory meters, AwakeVideos awake)
    {
        var meter = meters.Create(Name);
        _deliveries = meter.CreateCounter<long>("counter.counting.deliveries", "{range}", "Ranges that shards were given, empty ones included.");
        _calls = meter.CreateCounter<long>("counter.counting.calls", "{call}", "Calls to videos that these took.");
        _checkpoints = meter.CreateCounter<long>("counter.counting.checkpoints", "{checkpoint}", "Checkpoints that were stored.");
        _flushed = meter.CreateCounter<long>("counter.counting.flushed", "{video}", "Videos that were stored for them.");
        _wentBack = meter.CreateCounter<long>("counter.counting.went_back", "{shard}", "How often a shard had to hear again what it had not stored.");
        meter.CreateObservableUpDownCounter("counter.counting.awake", () => awake.Count, "{video}", "Videos that are awake.");
        _loaded = meter.CreateCounter<long>("counter.counting.loaded", "{video}", "Videos whose row was read because they woke up.");
    }

    public void Delivered(int videos)
    {
        _deliveries.Add(1);
        _calls.Add(videos);
    }

    public void Checkpointed(int videos)
    {
        _checkpoints.Add(1);
        _flushed.Add(videos);
    }

    public void WentBack() => _wentBack.Add(1);

    public void Loaded() => _loaded.Add(1);
}
