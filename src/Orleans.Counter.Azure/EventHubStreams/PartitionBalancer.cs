using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Streams;

namespace Orleans.Counter.EventHubStreams;

/// <summary>Spreads the partitions evenly over the active silos, by the list of these alone.</summary>
/// <remarks>
/// A ring gives a few partitions to silos as it happens, all of them to one or none to another; leases are even, but cost seconds and a storage that is there. Silos that know the
/// same members agree here without a word. Those that do not, for a moment, may both read a partition: the owner level is the version of the membership, so the
/// one that knows more wins, and what the other one still delivers changes nothing.
/// </remarks>
internal sealed class PartitionBalancer(IServiceProvider services, string name)
    : QueueBalancerBase(services, services.GetRequiredService<ILoggerFactory>().CreateLogger($"{typeof(PartitionBalancer).FullName}.{name}"))
{
    private IReadOnlyDictionary<string, QueueId> _all = new Dictionary<string, QueueId>();
    private volatile IReadOnlyList<QueueId> _mine = [];

    public override Task Initialize(IStreamQueueMapper queueMapper)
    {
        _all = queueMapper.GetAllQueues().ToDictionary(queue => queue.ToString());
        return base.Initialize(queueMapper);
    }

    public override IEnumerable<QueueId> GetMyQueues() => _mine;

    protected override void OnClusterMembershipChange(HashSet<SiloAddress> activeSilos)
    {
        QueueId[] mine = [.. Rendezvous.Share([.. _all.Keys], activeSilos).Where(queue => queue.Value.Equals(SiloAddress)).Select(queue => _all[queue.Key]).Order()];
        if (mine.SequenceEqual(_mine)) return;
        _mine = mine;
        NotifyListeners().Ignore();
    }
}
