using System.Collections.Concurrent;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>Dead letters in memory. A test derives from it to break one thing.</summary>
internal class MemoryDeadLetters : IDeadLetterStore, IDeadLetterBox
{
    private static readonly DateTimeOffset Added = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly ConcurrentDictionary<string, (LetterReplay Replay, int Version)> _marks = new();

    public ConcurrentDictionary<string, DeadLetter> Letters { get; } = new();

    public ValueTask Add(DeadLetter letter, CancellationToken cancellationToken)
    {
        Letters.TryAdd(letter.Id, letter);
        return ValueTask.CompletedTask;
    }

    public virtual ValueTask<LetterPage?> List(string? cursor, int most, CancellationToken cancellationToken)
    {
        var rest = Letters.Keys.Where(id => string.CompareOrdinal(id, cursor) > 0).Order(StringComparer.Ordinal).ToList();
        return new(new LetterPage([.. rest.Take(most).Select(id => Head(Letters[id]))], rest.Count > most ? rest[most - 1] : null));
    }

    public virtual ValueTask<Versioned<KeptLetter>?> Read(string id, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Letters.TryGetValue(id, out var letter) ? new Versioned<KeptLetter>(new(Head(letter), letter.Body), new($"{_marks.GetValueOrDefault(id).Version}")) : null);

    public virtual ValueTask<RowVersion> Mark(KeptLetter letter, LetterReplay replay, RowVersion version, CancellationToken cancellationToken)
    {
        var stands = _marks.GetOrAdd(letter.Head.Id, (default, 0));
        if (!Letters.ContainsKey(letter.Head.Id) || version.Value != $"{stands.Version}" || !_marks.TryUpdate(letter.Head.Id, (replay, stands.Version + 1), stands))
            return ValueTask.FromException<RowVersion>(new StaleWriterException(letter.Head.Id));
        return new(new RowVersion($"{stands.Version + 1}"));
    }

    public virtual ValueTask<bool> Delete(string id, CancellationToken cancellationToken)
    {
        _marks.TryRemove(id, out _);
        return new(Letters.TryRemove(id, out _));
    }

    private LetterHead Head(DeadLetter letter) => new(letter.Id, letter.Reason, letter.Detail, letter.EventCount, letter.Body.Length, Added, _marks.GetValueOrDefault(letter.Id).Replay);
}
