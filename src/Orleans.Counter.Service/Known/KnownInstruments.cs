using System.Diagnostics.Metrics;

namespace Orleans.Counter.Known;

/// <summary>What this stage tells the outside world.</summary>
internal sealed class KnownInstruments
{
    public const string Name = "Orleans.Counter.Known";

    private readonly Counter<long> _asked;
    private readonly Counter<long> _read;
    private readonly Counter<long> _unanswered;

    public KnownInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        _asked = meter.CreateCounter<long>("counter.known.asked", "{shard}", "How often a shard was asked which of its videos are known.");
        _read = meter.CreateCounter<long>("counter.known.read", "{video}", "Rows that were read to see whether a video is known.");
        _unanswered = meter.CreateCounter<long>("counter.known.unanswered", "{request}", "Questions that shards or storage did not answer: their requests were answered 503.");
    }

    public void Asked() => _asked.Add(1);

    public void Read() => _read.Add(1);

    public void Unanswered() => _unanswered.Add(1);
}
