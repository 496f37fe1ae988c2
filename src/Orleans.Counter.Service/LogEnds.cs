using Orleans.Counter.EventHubs;

namespace Orleans.Counter;

/// <summary>Asks the hub where the log of a partition ends, for all of this silo who want to know it at the same time.</summary>
/// <remarks>The service answers fifty such questions a second, to everybody in the namespace: a silo asks ten at most.</remarks>
internal sealed class LogEnds(IEventHub hub, TimeProvider clock, TaskScheduler? background = null)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    // Not on the turns of the shard that is the first to ask: others wait for the same answer.
    private readonly TaskScheduler _background = background ?? TaskScheduler.Default;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<long>> _waiting = [];
    private DateTimeOffset _next;

    /// <summary>The last message, or a later one: whatever the hub had taken before the call stands at or before it. -1 if there never was one.</summary>
    /// <exception cref="EventHubsException"/>
    public Task<long> End(string partitionId)
    {
        lock (_lock)
        {
            if (_waiting.TryGetValue(partitionId, out var waiting)) return waiting; // It has not been asked yet: what it will say is true for this caller, too.
            var now = clock.GetUtcNow();
            var turn = _next > now ? _next : now;
            _next = turn + Pace;
            return _waiting[partitionId] = Task.Factory.StartNew(() => Ask(partitionId, turn - now), CancellationToken.None, TaskCreationOptions.DenyChildAttach, _background).Unwrap();
        }
    }

    private async Task<long> Ask(string partitionId, TimeSpan turn)
    {
        await Task.Delay(turn, clock);
        lock (_lock) _waiting.Remove(partitionId);
        return (await hub.GetPartitionProperties(partitionId)).LastSequenceNumber;
    }
}
