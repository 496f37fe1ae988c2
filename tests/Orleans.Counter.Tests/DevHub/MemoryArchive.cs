using Orleans.Counter.Dev.Capture;

namespace Orleans.Counter.Tests.Dev;

/// <summary>Storage that fails when told to.</summary>
internal sealed class MemoryArchive : IArchive
{
    public enum Failure
    {
        None,

        /// <summary>Nothing was written.</summary>
        Before,

        /// <summary>The file is there, but nobody hears of it.</summary>
        After,
    }

    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>What becomes of the next file, and then of each after it.</summary>
    public Failure Next { get; set; }

    /// <summary>The largest part that a file came in.</summary>
    public int PartMax { get; private set; }

    public Task Write(string name, IEnumerable<ReadOnlyMemory<byte>> parts, CancellationToken cancellationToken)
    {
        if (Next is Failure.Before)
            throw new IOException("Storage is away");
        using var file = new MemoryStream();
        foreach (var part in parts)
        {
            PartMax = Math.Max(PartMax, part.Length);
            file.Write(part.Span);
        }

        if (Files.TryGetValue(name, out var other) && !other.AsSpan().SequenceEqual(file.ToArray()))
            throw new InvalidOperationException($"'{name}' was written before, with another content.");
        Files[name] = file.ToArray();
        if (Next is Failure.After)
            throw new IOException("The answer was lost");
        return Task.CompletedTask;
    }
}
