using System.Collections.Concurrent;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>Sightings in memory, as the bytes that a blob would hold: a test may damage them.</summary>
internal class MemorySightings : ISightingStore
{
    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new();

    public virtual ValueTask Write(SightingDelta delta, CancellationToken cancellationToken)
    {
        Blobs[delta.Stretch.Name] = SightingCodec.Encode(delta);
        return ValueTask.CompletedTask;
    }

    public virtual ValueTask<IReadOnlyList<SightingStretch>> List(int partition, CancellationToken cancellationToken) => new(
        [.. Blobs.Keys.Where(name => name.StartsWith($"{partition}/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(SightingStretch.Parse).OfType<SightingStretch>()]);

    public virtual ValueTask<SightingDelta?> Read(SightingStretch stretch, CancellationToken cancellationToken)
    {
        if (!Blobs.TryGetValue(stretch.Name, out var bytes)) return new((SightingDelta?)null);
        try
        {
            return new(SightingCodec.Decode(stretch, bytes));
        }
        catch (InvalidDataException damaged)
        {
            return ValueTask.FromException<SightingDelta?>(damaged);
        }
    }

    public virtual ValueTask Delete(SightingStretch stretch, CancellationToken cancellationToken)
    {
        Blobs.TryRemove(stretch.Name, out _);
        return ValueTask.CompletedTask;
    }
}
