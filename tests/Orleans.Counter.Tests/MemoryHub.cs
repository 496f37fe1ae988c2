using System.Globalization;
using System.Text.RegularExpressions;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Tests;

/// <summary>An event hub in memory: a log per partition, numbered from 0, with owner levels, and with failures on demand.</summary>
internal sealed partial class MemoryHub(int partitionCount, TimeProvider time) : IEventHub
{
    private readonly Lock _lock = new();
    private readonly Partition[] _partitions = [.. Enumerable.Range(0, partitionCount).Select(_ => new Partition())];
    private readonly DateTimeOffset _createdAt = time.GetUtcNow();
    private readonly List<(string PartitionId, int First)> _begun = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (int Count, EventHubsFailure Failure, bool Stored) _failing;

    /// <summary>While set, every call fails like this and nothing is stored; readers hear of it at their next call.</summary>
    public EventHubsFailure? Down { get; set; }

    /// <summary>Sends are stored at once, and answered when this task has ended.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    /// <summary>How often <see cref="Send"/> was called, failures included.</summary>
    public int Sends { get; private set; }

    /// <summary>The number of the message at which each reader began, in the order in which they came.</summary>
    public IReadOnlyList<(string PartitionId, int First)> Begun
    {
        get
        {
            lock (_lock) return [.. _begun];
        }
    }

    public IReadOnlyList<string> PartitionIds { get; } = [.. Enumerable.Range(0, partitionCount).Select(id => id.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Fails the next sends of any partition; <paramref name="stored"/> says whether the log holds them all the same: the answer got lost.</summary>
    public void FailNextSends(int count, EventHubsFailure failure, bool stored)
    {
        lock (_lock) _failing = (count, failure, stored);
    }

    /// <summary>Puts an event into the log as if someone else had sent it.</summary>
    public ReceivedEvent Append(string partitionId, EventData data)
    {
        lock (_lock)
        {
            var log = Find(partitionId).Log;
            var properties = data.Properties is null ? [] : new Dictionary<string, object>(data.Properties);
            var appended = new ReceivedEvent(log.Count, time.GetUtcNow(), data.Body.ToArray(), true, properties);
            log.Add(appended);
            Changed();
            return appended;
        }
    }

    /// <summary>Everything that a partition holds now.</summary>
    public IReadOnlyList<ReceivedEvent> Log(string partitionId)
    {
        lock (_lock) return [.. Find(partitionId).Log];
    }

    /// <summary>Waits until so many events were sent or appended, over all partitions.</summary>
    public async Task Holds(int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_partitions.Sum(partition => partition.Log.Count) >= count) return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public Task<HubProperties> GetProperties(CancellationToken cancellationToken = default) =>
        Task.Run(() => Down is { } failure ? throw Failed(failure) : new HubProperties("memory", _createdAt, PartitionIds), cancellationToken);

    public Task<PartitionProperties> GetPartitionProperties(string partitionId, CancellationToken cancellationToken = default) =>
        Task.Run(
            () =>
            {
                if (Down is { } failure) throw Failed(failure);
                var log = Log(partitionId);
                return new PartitionProperties(partitionId, 0, log.Count - 1, log.Count == 0 ? DateTimeOffset.UnixEpoch : log[^1].EnqueuedTime);
            },
            cancellationToken);

    public Task Send(string partitionId, EventData data, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            Sends++;
            if (cancellationToken.IsCancellationRequested) return Task.FromCanceled(cancellationToken);
            if (Down is { } down) return Task.FromException(Failed(down));
            if (_failing.Count == 0)
            {
                Append(partitionId, data);
                return Answers.WaitAsync(cancellationToken);
            }

            _failing.Count--;
            if (_failing.Stored) Append(partitionId, data);
            return Task.FromException(Failed(_failing.Failure));
        }
    }

    public IPartitionReader OpenReader(string partitionId, EventPosition from, long? ownerLevel) => new Reader(this, Find(partitionId), from, ownerLevel);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static EventHubsException Failed(EventHubsFailure failure) => new(failure, $"The hub was told to fail: {failure}.");

    private Partition Find(string partitionId) =>
        int.TryParse(partitionId, CultureInfo.InvariantCulture, out var index) && index >= 0 && index < _partitions.Length
            ? _partitions[index]
            : throw new EventHubsException(EventHubsFailure.ResourceNotFound, $"There is no partition '{partitionId}' among {_partitions.Length}.");

    private void Changed()
    {
        var changed = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    [GeneratedRegex(@"\Aamqp\.annotation\.x-opt-(?<field>offset|sequence-number|enqueued-time) > '(?<value>@latest|-?[0-9]+)'\z")]
    private static partial Regex Selector();

    private sealed class Partition
    {
        public List<ReceivedEvent> Log { get; } = [];

        /// <summary>The readers that are attached: one with an owner level, or any number without.</summary>
        public List<Reader> Readers { get; } = [];
    }

    private sealed class Reader(MemoryHub hub, Partition partition, EventPosition from, long? ownerLevel) : IPartitionReader
    {
        private int _next = -1;
        private EventHubsException? _ended;

        private long? OwnerLevel => ownerLevel;

        public async ValueTask<IReadOnlyList<ReceivedEvent>> Receive(int countMax, CancellationToken cancellationToken = default)
        {
            while (true)
            {
                Task changed;
                lock (hub._lock)
                {
                    if (_ended is not null) throw _ended;
                    if (hub.Down is { } failure) throw Failed(failure);
                    if (_next < 0) Attach();
                    if (_next < partition.Log.Count)
                    {
                        var events = partition.Log.GetRange(_next, Math.Min(countMax, partition.Log.Count - _next));
                        _next += events.Count;
                        return events;
                    }

                    changed = hub._changed.Task;
                }

                await changed.WaitAsync(cancellationToken);
            }
        }

        public ValueTask DisposeAsync()
        {
            lock (hub._lock)
            {
                partition.Readers.Remove(this);
                End(EventHubsFailure.General, "The reader was disposed.");
            }

            return ValueTask.CompletedTask;
        }

        private void Attach()
        {
            if (partition.Readers.Find(other => other.OwnerLevel is not null && (ownerLevel is null || other.OwnerLevel > ownerLevel)) is { } owner)
                throw End(EventHubsFailure.ConsumerDisconnected, $"A reader of level {owner.OwnerLevel} owns the partition.");
            _next = Begin();
            hub._begun.Add((hub.PartitionIds[Array.IndexOf(hub._partitions, partition)], _next));
            if (ownerLevel is not null)
            {
                foreach (var other in partition.Readers) other.End(EventHubsFailure.ConsumerDisconnected, $"A reader of level {ownerLevel} took the partition.");
                partition.Readers.Clear();
            }

            partition.Readers.Add(this);
        }

        private int Begin()
        {
            var match = Selector().Match(from.Filter);
            if (!match.Success) throw End(EventHubsFailure.General, $"'{from.Filter}' is not a position.");
            if (match.Groups["value"].Value is "@latest") return partition.Log.Count;
            var value = long.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture);
            if (match.Groups["field"].Value is "enqueued-time")
            {
                var first = partition.Log.FindIndex(one => one.EnqueuedTime.ToUnixTimeMilliseconds() > value);
                return first < 0 ? partition.Log.Count : first;
            }

            if (value < partition.Log.Count) return (int)Math.Max(0, value + 1);
            throw End(EventHubsFailure.InvalidPosition, $"The supplied number '{value}' is invalid. The last number in the system is '{partition.Log.Count - 1}'.");
        }

        private EventHubsException End(EventHubsFailure failure, string message)
        {
            _ended ??= new(failure, message);
            hub.Changed();
            return _ended;
        }
    }
}
