using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>Sightings that reach the storage soon, late, damaged or never.</summary>
internal sealed class SimSightings(World world, Faults faults) : ISightingStore
{
    private readonly SortedDictionary<string, byte[]> _blobs = new(StringComparer.Ordinal);

    public ValueTask Write(SightingDelta delta, CancellationToken cancellationToken)
    {
        if (world.Chance(faults.Refused)) return ValueTask.FromException(new IOException("The storage is away."));
        var bytes = SightingCodec.Encode(delta);
        if (world.Chance(faults.Refused)) bytes = bytes[..^1];
        world.After(world.UpTo(faults.StorageDelay), () => _blobs[delta.Stretch.Name] = bytes);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<SightingStretch>> List(int partition, CancellationToken cancellationToken) =>
        new([.. _blobs.Keys.Where(name => name.StartsWith($"{partition}/", StringComparison.Ordinal)).Select(SightingStretch.Parse).OfType<SightingStretch>()]);

    public async ValueTask<SightingDelta?> Read(SightingStretch stretch, CancellationToken cancellationToken)
    {
        await world.Pause(world.UpTo(faults.StorageDelay));
        return _blobs.TryGetValue(stretch.Name, out var bytes) ? SightingCodec.Decode(stretch, bytes) : null;
    }

    public ValueTask Delete(SightingStretch stretch, CancellationToken cancellationToken)
    {
        _blobs.Remove(stretch.Name);
        return ValueTask.CompletedTask;
    }
}

/// <summary>Dead letters that take their time.</summary>
internal sealed class SimLetters(World world, Faults faults) : IDeadLetterStore
{
    public Dictionary<string, long> Events { get; } = [];

    public async ValueTask Add(DeadLetter letter, CancellationToken cancellationToken)
    {
        await world.Pause(world.UpTo(faults.StorageDelay));
        Events.TryAdd(letter.Id, letter.EventCount);
    }
}
