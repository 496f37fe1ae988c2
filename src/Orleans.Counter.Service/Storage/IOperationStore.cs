namespace Orleans.Counter.Storage;

/// <summary>What is known of operations: work that goes on after its request was answered. For ever, unless somebody deletes it.</summary>
/// <remarks>Waits while the storage is away.</remarks>
internal interface IOperationStore
{
    /// <summary>What was last written of an operation; null if nothing ever was.</summary>
    ValueTask<Versioned<ReadOnlyMemory<byte>>?> Read(string id, CancellationToken cancellationToken);

    /// <summary>Writes what is known of an operation now, in place of what was read or written before; null: of a new one.</summary>
    /// <returns>The new version.</returns>
    /// <exception cref="StaleWriterException">Somebody else has written since; also if it was an attempt of this call, whose answer was lost.</exception>
    ValueTask<RowVersion> Write(string id, ReadOnlyMemory<byte> known, RowVersion? version, CancellationToken cancellationToken);
}
