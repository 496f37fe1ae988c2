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
    private readonly Counter<long> _sightingsWritten;
    private readonly Counter<long> _sightingsLetGo;
    private readonly Counter<long> _sightingsLoaded;
    private readonly Counter<long> _readBack;

    public StreamingInstruments(IMeterFactory meters, TimeProvider clock)
    {
        _clock = clock;
        var meter = meters.Create(Name);
        _read = meter.CreateCounter<long>("counter.streaming.read", "{event}", "Events that were read from the log, repeats included.");
        _deadLettered = meter.CreateCounter<long>("counter.streaming.deadlettered", "{event}", "Events that were set aside.");
        _lag = meter.CreateHistogram<double>("counter.streaming.lag", "s", "From the moment that the hub took a message until it was read.");
        _sightingsWritten = meter.CreateCounter<long>("counter.streaming.sightings.written", "{sighting}", "Sightings that were written for whoever takes over.");
        _sightingsLetGo = meter.CreateCounter<long>("counter.streaming.sightings.letgo", "{sighting}", "Sightings that could not be written.");
        _sightingsLoaded = meter.CreateCounter<long>("counter.streaming.sightings.loaded", "{sighting}", "Sightings that were loaded when a partition was taken over.");
        _readBack = meter.CreateCounter<long>("counter.streaming.readback", "{partition}", "Partitions that were taken over without sightings: two generations of the log were read instead.");
    }

    public void Read(int events, DateTimeOffset enqueuedTime)
    {
        _read.Add(events);
        _lag.Record((_clock.GetUtcNow() - enqueuedTime).TotalSeconds);
    }

    public void SightingsWritten(int count) => _sightingsWritten.Add(count);

    public void SightingsLetGo(int count) => _sightingsLetGo.Add(count);

    public void SightingsLoaded(long count) => _sightingsLoaded.Add(count);

    public void ReadsBack() => _readBack.Add(1);

    public void DeadLettered(long events) => _deadLettered.Add(events);
}
