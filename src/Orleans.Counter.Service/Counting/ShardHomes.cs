namespace Orleans.Counter.Counting;

/// <summary>Knows which shards belong on this silo, as far as it knows who is active. A silo that is leaving is home to none.</summary>
internal sealed class ShardHomes(IClusterMembershipService membership, ILocalSiloDetails silo)
{
    private Map? _map;

    /// <summary>Costs a look into an array, and the hashes of all shards after a change of the membership.</summary>
    public bool IsHere(Shard shard)
    {
        // The snapshot itself is compared: while a silo joins, its own status changes within one version.
        var (map, snapshot) = (_map, membership.CurrentSnapshot);
        if (map?.Snapshot != snapshot) _map = map = new(snapshot, Draw(snapshot));
        return map.IsHere[shard.Number];
    }

    private bool[] Draw(ClusterMembershipSnapshot snapshot)
    {
        SiloAddress[] active = [.. snapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress)];
        return [.. Shard.All.Select(shard => silo.SiloAddress.Equals(Rendezvous.Home(shard.ToString(), active)))];
    }

    private sealed record Map(ClusterMembershipSnapshot Snapshot, bool[] IsHere);
}
