using System.Collections.Concurrent;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>Dead letters in memory.</summary>
internal sealed class MemoryDeadLetters : IDeadLetterStore
{
    public ConcurrentDictionary<string, DeadLetter> Letters { get; } = new();

    public ValueTask Add(DeadLetter letter, CancellationToken cancellationToken)
    {
        Letters.TryAdd(letter.Id, letter);
        return ValueTask.CompletedTask;
    }
}
