using System.Globalization;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Tests;

/// <summary>A hub as those see it who read it in a consumer group of their own; retention may have removed its first messages.</summary>
internal sealed class HubAgain(Func<string, IReadOnlyList<ReceivedEvent>> logOf) : IEventHub
{
    public HubAgain(MemoryHub hub)
        : this(hub.Log)
    {
    }

    /// <summary>The first message of every partition that is still there.</summary>
    public long Begin { get; set; }

    /// <summary>Runs before every question.</summary>
    public Func<Task> Before { get; set; } = () => Task.CompletedTask;

    public Task<HubProperties> GetProperties(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public async Task<PartitionProperties> GetPartitionProperties(string partitionId, CancellationToken cancellationToken = default)
    {
        await Before().WaitAsync(cancellationToken);
        var log = logOf(partitionId);
        return new(partitionId, Math.Min(Begin, log.Count), log.Count - 1, log.Count == 0 ? DateTimeOffset.UnixEpoch : log[^1].EnqueuedTime);
    }

    public Task Send(string partitionId, EventData data, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IPartitionReader OpenReader(string partitionId, EventPosition from, long? ownerLevel) => new Reader([.. logOf(partitionId).Skip((int)Begin).SkipWhile(message => IsBefore(message, from))]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static bool IsBefore(ReceivedEvent message, EventPosition from) =>
        from.LastSequenceNumber is { } last ? message.SequenceNumber <= last
        : from != EventPosition.Earliest && message.EnqueuedTime.ToUnixTimeMilliseconds() <= long.Parse(from.Filter.Split('\'')[1], CultureInfo.InvariantCulture);

    private sealed class Reader(Queue<ReceivedEvent> messages) : IPartitionReader
    {
        public Reader(IEnumerable<ReceivedEvent> messages)
            : this(new Queue<ReceivedEvent>(messages))
        {
        }

        public ValueTask<IReadOnlyList<ReceivedEvent>> Receive(int countMax, CancellationToken cancellationToken = default) =>
            messages.Count > 0 ? new([.. Enumerable.Range(0, Math.Min(countMax, messages.Count)).Select(_ => messages.Dequeue())]) : throw new InvalidOperationException("Whoever reads again knows how far; this one would wait for ever.");

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
