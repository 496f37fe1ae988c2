using System.Diagnostics.Metrics;

namespace Orleans.Counter.Query;

/// <summary>What this stage tells the outside world.</summary>
internal sealed class QueryInstruments
{
    public const string Name = "Orleans.Counter.Query";

    private readonly Counter<long> _reads;
    private readonly Counter<long> _kept;
    private readonly Counter<long> _shared;

    public QueryInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        _reads = meter.CreateCounter<long>("counter.query.reads", "{read}", "What was read for answers: rows of groups, days and months, and days of segments.");
        _kept = meter.CreateCounter<long>("counter.query.kept", "{part}", "Parts of answers that did not have to be read, because an earlier answer about the same archived days was kept.");
        _shared = meter.CreateCounter<long>("counter.query.shared", "{answer}", "Answers that were given to somebody else in the same second.");
    }

    public void Read(string tier) => _reads.Add(1, new KeyValuePair<string, object?>("tier", tier));

    public void Kept() => _kept.Add(1);

    public void Shared() => _shared.Add(1);
}
