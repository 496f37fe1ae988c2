namespace Orleans.Counter.Counting;

// A checkpoint has every video say how often it was counted, and stores the lists that come of it together with the shard's position: what came later is in the log, and makes the videos say it again.
internal sealed partial class ShardGrain
{
    private ShardTops? _tops;
    private int _storedTops;
    private DateTimeOffset? _toldThrough;

    private ShardTops Tops => _tops ?? throw new InvalidOperationException("A shard stores nothing before it has read what stands.");

    public async ValueTask<ShardTop> Top(EventType type, IReadOnlyList<TopWindow> windows, int most, CancellationToken cancellationToken)
    {
        if (_tops is null)
        {
            var stored = await store.ReadTops(Shard, cancellationToken); // No range has reached it since it woke up.
            _tops ??= new(stored);
        }

        return new(_tops.Keeps(type), [.. windows.Select(window => _tops.First(type, window, most))], _toldThrough ?? clock.GetUtcNow());
    }
}
