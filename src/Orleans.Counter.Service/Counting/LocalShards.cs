using System.Collections.Concurrent;
using System.Diagnostics;

namespace Orleans.Counter.Counting;

/// <summary>The shards that are awake on this silo. When the silo leaves the cluster, they store what they hold and go, before Orleans ends everything in no order.</summary>
internal sealed partial class LocalShards(IClusterMembershipService membership, ILocalSiloDetails silo, ILogger<LocalShards> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly ConcurrentDictionary<IShardGrain, TaskCompletionSource> _awake = new();

    public void Woke(IShardGrain shard) => _awake.TryAdd(shard, new(TaskCreationOptions.RunContinuationsAsynchronously));

    public void Gone(IShardGrain shard)
    {
        if (_awake.TryRemove(shard, out var gone)) gone.SetResult();
    }

    // While a silo stops, this stage is the one in which it tells the others that it leaves; in the next one, all grains are ended.
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(nameof(LocalShards), ServiceLifecycleStage.BecomeActive, _ => Task.CompletedTask, Drain);

    private async Task Drain(CancellationToken cancellationToken)
    {
        try
        {
            if (!cancellationToken.IsCancellationRequested) await DrainInTime(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogNotDrained(_awake.Count); // Nothing is lost: what was not stored stands in the log.
        }
    }

    private async Task DrainInTime(CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(cancellationToken))
            if (snapshot.GetSiloStatus(silo.SiloAddress) != SiloStatus.Active) break; // From now on, everybody places elsewhere.
        var leaving = _awake.ToArray();
        await Task.WhenAll(leaving.Select(shard => Leave(shard.Key, shard.Value.Task, cancellationToken)));
        var elapsed = Stopwatch.GetElapsedTime(begun);
        LogDrained(leaving.Length, elapsed);
    }

    private static async Task Leave(IShardGrain shard, Task gone, CancellationToken cancellationToken)
    {
        try
        {
            await shard.Leave(cancellationToken).AsTask().WaitAsync(cancellationToken);
            await gone.WaitAsync(cancellationToken);
        }
        catch (OrleansException)
        {
            // It is about to go by itself, and there is nobody else to wake it up; or Orleans ends it in the next stage, and it stores then.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The silo leaves: {Shards} shards have stored what they held, in {Elapsed}.")]
    private partial void LogDrained(int shards, TimeSpan elapsed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The silo ends before {Shards} of its shards have stored what they held; it is read from the log again.")]
    private partial void LogNotDrained(int shards);
}
