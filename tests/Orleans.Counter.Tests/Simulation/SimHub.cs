using System.Globalization;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>A hub with the logs of its first partitions: readers come, are robbed and cut off. In some worlds it does not even see to it that there is one reader.</summary>
internal sealed class SimHub(World world, Faults faults, DateTimeOffset createdAt) : IEventHub
{
    /// <summary>So many that a partition feeds two shards.</summary>
    public const int PartitionCount = 128;

    private static readonly IReadOnlyList<string> Ids = [.. Enumerable.Range(0, PartitionCount).Select(id => id.ToString(CultureInfo.InvariantCulture))];

    private readonly Dictionary<string, List<ReceivedEvent>> _logs = Ids.ToDictionary(id => id, _ => new List<ReceivedEvent>());
    private readonly List<Reader> _readers = [];

    public DateTimeOffset CreatedAt => createdAt;

    public IReadOnlyList<ReceivedEvent> Log(int partition) => _logs[Ids[partition]];

    public ReceivedEvent Append(int partition, DateTimeOffset enqueuedTime, EventData data)
    {
        var log = _logs[Ids[partition]];
        log.Add(new(log.Count, enqueuedTime, data.Body, true, data.Properties ?? new Dictionary<string, object>()));
        foreach (var reader in _readers.ToArray()) reader.Look();
        return log[^1];
    }

    public Task<HubProperties> GetProperties(CancellationToken cancellationToken = default) => Task.FromResult(new HubProperties("simulated", createdAt, Ids));

    public Task<PartitionProperties> GetPartitionProperties(string partitionId, CancellationToken cancellationToken = default) =>
        Task.FromResult(new PartitionProperties(partitionId, 0, _logs[partitionId].Count - 1, DateTimeOffset.UnixEpoch));

    public Task Send(string partitionId, EventData data, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public IPartitionReader OpenReader(string partitionId, EventPosition from, long? ownerLevel) => new Reader(this, partitionId, from, ownerLevel ?? 0);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Reader(SimHub hub, string partition, EventPosition from, long level) : IPartitionReader
    {
        private readonly Turns _process = (Turns)TaskScheduler.Current; // The link of a process that has died is cut.
        private int _next = -1;
        private EventHubsException? _ended;
        private (TaskCompletionSource<IReadOnlyList<ReceivedEvent>> Answer, int CountMax)? _waits;

        public ValueTask<IReadOnlyList<ReceivedEvent>> Receive(int countMax, CancellationToken cancellationToken = default)
        {
            if (_next < 0 && _ended is null) Attach();
            var answer = new TaskCompletionSource<IReadOnlyList<ReceivedEvent>>();
            _waits = (answer, countMax);
            hub.World.After(hub.World.UpTo(hub.Faults.CallDelay), Look);
            return new(answer.Task);
        }

        public void Look()
        {
            if (_waits is not var (answer, countMax)) return;
            if (_ended is null && hub.World.Chance(hub.Faults.HubFails))
            {
                End(EventHubsFailure.Communication);
                return;
            }

            var log = hub._logs[partition];
            if (_ended is not null)
            {
                _waits = null;
                answer.SetException(_ended);
            }
            else if (_next < log.Count)
            {
                _waits = null;
                var count = Math.Min(hub.World.Random.Next(countMax) + 1, log.Count - _next);
                _next += count;
                answer.SetResult(log.GetRange(_next - count, count));
            }
        }

        public ValueTask DisposeAsync()
        {
            End(EventHubsFailure.General);
            return ValueTask.CompletedTask;
        }

        private void Attach()
        {
            foreach (var other in hub._readers.Where(other => other.Partition == partition).ToArray())
            {
                if (!hub.Faults.IsFenced) break;
                if (other.Level > level && !other._process.IsDead)
                {
                    End(EventHubsFailure.ConsumerDisconnected);
                    return;
                }

                other.End(EventHubsFailure.ConsumerDisconnected);
            }

            var log = hub._logs[partition];
            _next = from.LastSequenceNumber is { } last ? (int)last + 1
                : from == EventPosition.Earliest ? 0
                : log.FindIndex(one => one.EnqueuedTime.ToUnixTimeMilliseconds() > Milliseconds(from)) is >= 0 and var first ? first : log.Count;
            if (_next > log.Count) End(EventHubsFailure.InvalidPosition);
            else hub._readers.Add(this);
        }

        private static long Milliseconds(EventPosition from) => long.Parse(from.Filter.Split('\'')[1], CultureInfo.InvariantCulture);

        private string Partition => partition;

        private long Level => level;

        private void End(EventHubsFailure failure)
        {
            hub._readers.Remove(this);
            _ended ??= new(failure, $"The simulated hub says {failure}.");
            Look();
        }
    }

    private World World => world;

    private Faults Faults => faults;
}
