using Amqp;
using Amqp.Framing;

namespace Orleans.Counter.Dev.Hubs;

/// <summary>Somebody who reads one partition in one consumer group.</summary>
internal interface IPartitionReader
{
    string Name { get; }

    /// <summary>Null for one who reads beside others.</summary>
    long? Epoch { get; }

    bool IsClosed { get; }

    /// <summary>No event goes out after this returned.</summary>
    void Silence();

    /// <summary>Tells the client why its reader has ended.</summary>
    void Evict(Error reason);
}

/// <summary>Who reads one partition in one consumer group now: one with an epoch, or up to five without.</summary>
internal sealed class ReaderSet
{
    private const int WithoutEpochMax = 5;

    private readonly Lock _gate = new();
    private readonly List<IPartitionReader> _readers = [];

    /// <summary>Lets a reader in, and sends away whom it outranks.</summary>
    /// <exception cref="AmqpException">It may not read.</exception>
    public void Admit(IPartitionReader newcomer)
    {
        List<IPartitionReader> evicted = [];
        lock (_gate)
        {
            _readers.RemoveAll(reader => reader.IsClosed);
            var owner = _readers.Find(reader => reader.Epoch is not null);
            if (newcomer.Epoch is { } epoch)
            {
                if (owner?.Epoch > epoch)
                    throw Refusals.LowerEpoch(newcomer.Name, epoch, owner.Epoch.Value);
                evicted.AddRange(_readers);
                _readers.Clear();
            }
            else if (owner is not null)
            {
                throw Refusals.EpochReaderExists(newcomer.Name, owner.Epoch!.Value);
            }
            else if (_readers.Count == WithoutEpochMax)
            {
                throw Refusals.TooManyReaders(WithoutEpochMax);
            }

            // Before anybody else is let in: the newcomer's first event comes after the last one of those before it.
            foreach (var reader in evicted)
                reader.Silence();
            _readers.Add(newcomer);
        }

        foreach (var reader in evicted)
            reader.Evict(Refusals.Evicted(newcomer.Name, newcomer.Epoch ?? 0, reader.Name, reader.Epoch ?? 0));
    }
}
