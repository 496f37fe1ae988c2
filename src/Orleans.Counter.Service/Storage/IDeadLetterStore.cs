namespace Orleans.Counter.Storage;

/// <summary>Where events go that were accepted and cannot be counted: kept with the reason, never lost.</summary>
internal interface IDeadLetterStore
{
    /// <summary>Keeps it. Returns when it is durable; the same letter again is the same letter. Waits while the storage is away.</summary>
    ValueTask Add(DeadLetter letter, CancellationToken cancellationToken);
}

/// <summary>What could not be counted.</summary>
/// <param name="Id">Made of where it stood in the log, so that a replay writes it to the same place.</param>
/// <param name="Reason">A stable word such as <c>undecodable</c>.</param>
/// <param name="Detail">A sentence for people.</param>
/// <param name="EventCount">How many events it holds.</param>
/// <param name="Body">The bytes: a whole message, or its events as JSON.</param>
internal sealed record DeadLetter(string Id, string Reason, string Detail, long EventCount, ReadOnlyMemory<byte> Body);
