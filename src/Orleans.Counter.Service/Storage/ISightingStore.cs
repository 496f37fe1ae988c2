namespace Orleans.Counter.Storage;

/// <summary>Where the readers of a partition leave what they have seen, so that the next one has to read only what came after.</summary>
/// <remarks>Waits while the storage is away. What it holds can be read again from the log: losing it costs time, nothing else.</remarks>
internal interface ISightingStore
{
    /// <summary>Keeps a stretch, in place of one of the same name: it was made of the same log.</summary>
    ValueTask Write(SightingDelta delta, CancellationToken cancellationToken);

    /// <summary>What is kept of a partition, in order; a request for every 5,000.</summary>
    ValueTask<IReadOnlyList<SightingStretch>> List(int partition, CancellationToken cancellationToken);

    /// <summary>Reads a stretch; null if it is not there any more.</summary>
    /// <exception cref="InvalidDataException">It is not what was written.</exception>
    ValueTask<SightingDelta?> Read(SightingStretch stretch, CancellationToken cancellationToken);

    /// <summary>Forgets a stretch, if it is there.</summary>
    ValueTask Delete(SightingStretch stretch, CancellationToken cancellationToken);
}

/// <summary>All ids that were looked up in one stretch of a partition's log.</summary>
/// <param name="Stretch">Which one.</param>
/// <param name="HubCreatedAt">The log that it is a stretch of: positions of another one mean something else.</param>
/// <param name="Ids">64-bit hashes, never zero, in the order of the log; repeats too.</param>
internal sealed record SightingDelta(SightingStretch Stretch, DateTimeOffset HubCreatedAt, ReadOnlyMemory<ulong> Ids);
