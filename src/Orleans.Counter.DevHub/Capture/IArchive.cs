namespace Orleans.Counter.Dev.Capture;

/// <summary>Where captured files go.</summary>
internal interface IArchive
{
    /// <summary>Writes a file, or replaces it: readers see all of it or nothing.</summary>
    /// <param name="name">Its name, with <c>/</c> between folders.</param>
    /// <param name="parts">Its bytes. Each part is valid until the next one is asked for.</param>
    /// <param name="cancellationToken">Gives up; the file is then as it was before.</param>
    Task Write(string name, IEnumerable<ReadOnlyMemory<byte>> parts, CancellationToken cancellationToken);
}
