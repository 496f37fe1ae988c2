namespace Orleans.Counter.Dev.Log;

/// <summary>Where and when an event came to stand in its partition.</summary>
/// <param name="Sequence">0, 1, 2, … without gaps.</param>
/// <param name="Offset">How many bytes of records stand before it in the partition.</param>
/// <param name="EnqueuedMilliseconds">Unix time; never less than that of the event before.</param>
internal readonly record struct Stamp(long Sequence, long Offset, long EnqueuedMilliseconds);

/// <summary>Something to append. It is written after it has its place, because its place is part of what is stored.</summary>
internal interface IAppendable
{
    /// <summary>The most bytes that <see cref="Write"/> can need, whatever the stamp.</summary>
    int LengthMax { get; }

    /// <summary>Writes the bytes that readers will get.</summary>
    /// <returns>How many there are, at least 1.</returns>
    int Write(Span<byte> destination, in Stamp stamp);
}
