using System.Collections.Concurrent;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>Operations in memory. A test derives from it to break one thing.</summary>
internal class MemoryOperations : IOperationStore
{
    private readonly ConcurrentDictionary<string, (ReadOnlyMemory<byte> Known, int Version)> _operations = new();

    public ValueTask<Versioned<ReadOnlyMemory<byte>>?> Read(string id, CancellationToken cancellationToken) =>
        new(_operations.TryGetValue(id, out var stands) ? new Versioned<ReadOnlyMemory<byte>>(stands.Known, new($"{stands.Version}")) : null);

    public virtual ValueTask<RowVersion> Write(string id, ReadOnlyMemory<byte> known, RowVersion? version, CancellationToken cancellationToken)
    {
        lock (_operations)
        {
            var stands = _operations.TryGetValue(id, out var found) ? found.Version : 0;
            if (version?.Value != (stands == 0 ? null : $"{stands}")) return ValueTask.FromException<RowVersion>(new StaleWriterException(id));
            _operations[id] = (known.ToArray(), stands + 1);
            return new(new RowVersion($"{stands + 1}"));
        }
    }
}
