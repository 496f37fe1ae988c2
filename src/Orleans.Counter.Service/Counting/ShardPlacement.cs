using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Orleans.Counter.Counting;

/// <summary>Puts a shard and its videos on the same silo, so that calls between them stay in one process; and the shards evenly on all silos.</summary>
[GenerateSerializer, Immutable, Alias("counter.shardplacement")]
internal sealed class ShardPlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class ShardPlacementAttribute() : PlacementAttribute(new ShardPlacement());

internal sealed class ShardPlacementDirector : IPlacementDirector
{
    private static readonly GrainType ShardType = GrainType.Create("shard");

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var key = target.GrainIdentity.Key.ToString()!;
        var shard = target.GrainIdentity.Type == ShardType ? key : Shard.Of(VideoId.Parse(key)).ToString();
        return Task.FromResult(Rendezvous.Home(shard, context.GetCompatibleSilos(target))!); // which are never none
    }
}
