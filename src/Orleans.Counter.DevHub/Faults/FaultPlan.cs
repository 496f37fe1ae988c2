using System.Diagnostics.CodeAnalysis;

namespace Orleans.Counter.Dev.Faults;

/// <summary>The faults of a hub endpoint. For any thread; a change counts for all that happens after it.</summary>
public sealed class FaultPlan
{
    private readonly Lock _gate = new();
    private readonly IReadOnlyCollection<string> _hubs;
    private readonly List<Entry> _entries = [];
    private readonly HashSet<LinkFaults> _links = [];
    private volatile bool _any;
    private int _lastId;

    internal FaultPlan(IReadOnlyCollection<string> hubs) => _hubs = hubs;

    /// <summary>Lets something go wrong from now on. Of two faults that match, the one that was added first happens.</summary>
    /// <returns>What removes it.</returns>
    /// <exception cref="ArgumentException">It could never happen.</exception>
    public int Add(Fault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        fault.Check();
        if (fault.Hub is not null && !_hubs.Contains(fault.Hub, StringComparer.OrdinalIgnoreCase))
            throw new ArgumentException($"There is no hub '{fault.Hub}'.");
        List<LinkFaults> struck = [];
        int id;
        lock (_gate)
        {
            id = ++_lastId;
            var entry = new Entry(id, fault);
            _entries.Add(entry);
            _any = true;
            if (fault.At == FaultMoment.Now)
                struck.AddRange(_links.Where(link => fault.Matches(FaultMoment.Now, link.Hub, link.Partition) && entry.Strikes()));
        }

        foreach (var link in struck)
            link.End(fault);
        return id;
    }

    /// <summary>Ends a fault.</summary>
    /// <returns>False if there is none of this number.</returns>
    public bool Remove(int id)
    {
        lock (_gate)
        {
            var removed = _entries.RemoveAll(entry => entry.Id == id) > 0;
            _any = _entries.Count > 0;
            return removed;
        }
    }

    /// <summary>Ends all faults.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
            _any = false;
        }
    }

    /// <summary>The faults that were added and not removed, oldest first.</summary>
    public IReadOnlyList<FaultStatus> List()
    {
        lock (_gate)
            return [.. _entries.Select(entry => new FaultStatus(entry.Id, entry.Fault, entry.Struck))];
    }

    /// <summary>What goes wrong at this moment; null in a good one.</summary>
    internal Fault? Next(FaultMoment moment, string hub, int? partition)
    {
        if (!_any)
            return null;
        lock (_gate)
            return _entries.Find(entry => entry.Fault.Matches(moment, hub, partition) && entry.Strikes())?.Fault;
    }

    internal void Watch(LinkFaults link)
    {
        lock (_gate)
            _links.Add(link);
    }

    internal void Forget(LinkFaults link)
    {
        lock (_gate)
            _links.Remove(link);
    }

    private sealed class Entry(int id, Fault fault)
    {
        [SuppressMessage("Security", "CA5394", Justification = "To be repeated, not to be secret.")]
        private readonly Random _chance = new(fault.Seed);

        public int Id { get; } = id;

        public Fault Fault { get; } = fault;

        public int Struck { get; private set; }

        [SuppressMessage("Security", "CA5394", Justification = "To be repeated, not to be secret.")]
        public bool Strikes()
        {
            if (Struck == Fault.Times || _chance.NextDouble() >= Fault.Probability)
                return false;
            Struck++;
            return true;
        }
    }
}
