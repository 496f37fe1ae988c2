using System.Collections.Concurrent;
using Orleans.Counter.EventHubs;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests;

/// <summary>Captured files in memory, of one hub.</summary>
internal sealed class MemoryCapture : ICaptureStore
{
    private readonly ConcurrentDictionary<CaptureFile, IReadOnlyList<ReceivedEvent>> _files = new();

    /// <summary>How many files were opened.</summary>
    public int Opened { get; private set; }

    public IReadOnlyList<CaptureFile> Files(int partition) => [.. _files.Keys.Where(file => file.Name.StartsWith($"{partition}/", StringComparison.Ordinal)).OrderBy(file => file.Time)];

    public void Add(int partition, DateTimeOffset time, IReadOnlyList<ReceivedEvent> messages) => _files[new($"{partition}/{time:O}", time)] = messages;

    public void Remove(CaptureFile file) => _files.TryRemove(file, out _);

    public ValueTask<IReadOnlyList<CaptureFile>> List(string hub, int partition, CancellationToken cancellationToken) => new(Files(partition));

    public async IAsyncEnumerable<ReceivedEvent> Read(CaptureFile file, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        Opened++;
        foreach (var message in _files.GetValueOrDefault(file, [])) yield return message;
    }
}
