using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Orleans.Counter.Ingest;

/// <summary>What the outside can see of ingest.</summary>
internal sealed class IngestInstruments
{
    public const string Name = "Orleans.Counter.Ingest";

    private readonly Counter<long> _accepted, _rejected, _framesSent, _framesResent, _framesFailed;
    private readonly Histogram<long> _frameEvents, _frameBytes;
    private readonly Histogram<double> _frameDuration;

    public IngestInstruments(IMeterFactory meters, WaitingBytes waiting)
    {
        var meter = meters.Create(Name);
        _accepted = meter.CreateCounter<long>("counter.ingest.events.accepted", "{event}", "Events in the log, as far as their senders were told.");
        _rejected = meter.CreateCounter<long>("counter.ingest.events.rejected", "{event}", "Events refused for a rule, by code.");
        _framesSent = meter.CreateCounter<long>("counter.ingest.frames.accepted", "{frame}", "Frames that the hub has.");
        _framesResent = meter.CreateCounter<long>("counter.ingest.frames.resent", "{frame}", "Times that a frame was sent again.");
        _framesFailed = meter.CreateCounter<long>("counter.ingest.frames.failed", "{frame}", "Frames given up: their requests were answered 503.");
        _frameEvents = meter.CreateHistogram<long>("counter.ingest.frame.events", "{event}", "Events in a frame.");
        _frameBytes = meter.CreateHistogram<long>("counter.ingest.frame.size", "By", "Size of a frame.");
        _frameDuration = meter.CreateHistogram<double>("counter.ingest.frame.duration", "s", "From a frame's first event to the hub's answer.");
        meter.CreateObservableUpDownCounter("counter.ingest.waiting", () => waiting.Now, "By", "Frames that wait for the hub.");
    }

    public static ActivitySource Activities { get; } = new(Name);

    public void Accepted(int events) => _accepted.Add(events);

    public void Rejected(string code) => _rejected.Add(1, new KeyValuePair<string, object?>("code", code));

    public void FrameResent() => _framesResent.Add(1);

    public void FrameDone(bool accepted, int events, int bytes, TimeSpan duration)
    {
        (accepted ? _framesSent : _framesFailed).Add(1);
        if (!accepted) return;
        _frameEvents.Record(events);
        _frameBytes.Record(bytes);
        _frameDuration.Record(duration.TotalSeconds);
    }
}
