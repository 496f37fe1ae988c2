using System.Diagnostics.Metrics;

namespace Orleans.Counter.Storage;

/// <summary>What this stage tells the outside world.</summary>
internal sealed class StorageInstruments
{
    public const string Name = "Orleans.Counter.Storage";

    private readonly Counter<long> _transactions;
    private readonly Counter<long> _videos;
    private readonly Counter<long> _operations;
    private readonly Counter<long> _unanswered;
    private readonly Counter<long> _segmentReads;

    public StorageInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        _transactions = meter.CreateCounter<long>("counter.storage.transactions", "{transaction}", "Transactions that were committed.");
        _videos = meter.CreateCounter<long>("counter.storage.videos", "{video}", "Video rows in them.");
        _operations = meter.CreateCounter<long>("counter.storage.operations", "{operation}", "Rows in them, day rows included.");
        _unanswered = meter.CreateCounter<long>("counter.storage.unanswered", "{transaction}", "Transactions whose outcome had to be read back.");
        _segmentReads = meter.CreateCounter<long>("counter.storage.segment_reads", "{request}", "Reads of segments, of a stretch or of what stands in their place.");
    }

    public void Committed(int videos, int operations)
    {
        _transactions.Add(1);
        _videos.Add(videos);
        _operations.Add(operations);
    }

    public void Unanswered() => _unanswered.Add(1);

    public void ReadSegment() => _segmentReads.Add(1);
}
