namespace Orleans.Counter.Counting;

/// <summary>Knows which shards belong on this silo, as far as it knows who is active. A silo that is leaving is home to none.</summary>
internal sealed class ShardHomes(IClusterMembershipService membership, ILocalSiloDetails silo)
{
    private Map _map = new(MembershipVersion.MinValue, new bool[Shard.Count]);

    /// <summary>Costs a look into an array, and the hashes of all shards after a change of the membership.</summary>
    public bool IsHere(Shard shard)
    {
        var (map, snapshot) = (_map, membership.CurrentSnapshot);
        if (map.Version != snapshot.Version) _map = map = Draw(snapshot);
        return map.IsHere[shard.Number];
    }

    private Map Draw(ClusterMembershipSnapshot snapshot)
    {
        SiloAddress[] active = [.. snapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress)];
        return new(snapshot.Version, [.. Shard.All.Select(shard => silo.SiloAddress.Equals(Rendezvous.Home(shard.ToString(), active)))]);
    }

    private sealed record Map(MembershipVersion Version, bool[] IsHere);
}
