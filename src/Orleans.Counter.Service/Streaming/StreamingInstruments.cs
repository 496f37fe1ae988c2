using System.Diagnostics.Metrics;

namespace Orleans.Counter.Streaming;

/// <summary>What this stage tells the outside world.</summary>
internal sealed class StreamingInstruments
{
    public const string Name = "Orleans.Counter.Streaming";

    private readonly TimeProvider _clock;
    private readonly Counter<long> _read;
    private readonly Counter<long> _deadLettered;
    private readonly Histogram<double> _lag;

    public StreamingInstruments(IMeterFactory meters, TimeProvider clock)
    {
        _clock = clock;
        var meter = meters.Create(Name);
        _read = meter.CreateCounter<long>("counter.streaming.read", "{event}", "Events that were read from the log, repeats included.");
        _deadLettered = meter.CreateCounter<long>("counter.streaming.deadlettered", "{event}", "Events that were set aside.");
        _lag = meter.CreateHistogram<double>("counter.streaming.lag", "s", "From the moment that the hub took a message until it was read.");
    }

    public void Read(int events, DateTimeOffset enqueuedTime)
    {
        _read.Add(events);
        _lag.Record((_clock.GetUtcNow() - enqueuedTime).TotalSeconds);
    }

    public void DeadLettered(long events) => _deadLettered.Add(events);
}
