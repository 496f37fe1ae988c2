namespace Orleans.Counter.Storage;

/// <summary>Dead letters, for those who look at them: to be read, given back once, or thrown away.</summary>
/// <remarks>Waits while the storage is away.</remarks>
internal interface IDeadLetterBox
{
    /// <summary>Some letters, in the order of their ids: one request, seldom more.</summary>
    /// <param name="cursor">Where the page before ended; null for the first.</param>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null if the cursor is none of this box.</returns>
    ValueTask<LetterPage?> List(string? cursor, int most, CancellationToken cancellationToken);

    /// <summary>A letter as a whole; null if there is none.</summary>
    ValueTask<Versioned<KeptLetter>?> Read(string id, CancellationToken cancellationToken);

    /// <summary>Says how far the replay of a letter is.</summary>
    /// <returns>The letter's new version.</returns>
    /// <exception cref="StaleWriterException">Somebody else has said something of it since it was read, or it is gone.</exception>
    ValueTask<RowVersion> Mark(KeptLetter letter, LetterReplay replay, RowVersion version, CancellationToken cancellationToken);

    /// <summary>Throws a letter away, whatever was said of it. False if there was none.</summary>
    ValueTask<bool> Delete(string id, CancellationToken cancellationToken);
}

/// <summary>Some letters, and where to go on; null after the last one.</summary>
internal sealed record LetterPage(IReadOnlyList<LetterHead> Letters, string? Next);

/// <summary>A letter without what is in it.</summary>
/// <param name="Id">As it was added.</param>
/// <param name="Reason">A stable word.</param>
/// <param name="Detail">A sentence for people.</param>
/// <param name="EventCount">How many events it holds.</param>
/// <param name="Bytes">How long its body is.</param>
/// <param name="AddedAt">When it was written.</param>
/// <param name="Replay">How far its replay is.</param>
internal sealed record LetterHead(string Id, string Reason, string Detail, long EventCount, long Bytes, DateTimeOffset AddedAt, LetterReplay Replay);

/// <summary>A letter as a whole.</summary>
internal sealed record KeptLetter(LetterHead Head, ReadOnlyMemory<byte> Body);

/// <summary>How far the replay of a letter is. One that has begun may have counted some of its events, and is to be made again; it counts none of them twice.</summary>
/// <param name="BegunAt">When somebody began it; null: nobody has.</param>
/// <param name="DoneAt">When all was counted; null: that is not known.</param>
internal readonly record struct LetterReplay(DateTimeOffset? BegunAt, DateTimeOffset? DoneAt);
