using Orleans.Configuration;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.EventHubStreams;

/// <summary>The reader's place in a partition: which message comes next, and the connection that brings it.</summary>
internal sealed class PartitionLog(
    string partitionId, IEventHub hub, Func<long> ownerLevel, IPartitionDataAdapter data, PartitionStart start, EventHubReceiverOptions reading, TimeProvider clock)
{
    private readonly long _stored = start.After.Min();
    private EventPosition _from = start.ReadFrom;
    private IPartitionReader? _reader;
    private Task<IReadOnlyList<ReceivedEvent>>? _receiving;

    /// <summary>The last message that was handed on; -1 before the first.</summary>
    public long Head { get; private set; } = -1;

    /// <summary>The messages that have come, or none when it is time.</summary>
    public async Task<IReadOnlyList<ReceivedEvent>> Receive(DateTimeOffset until, CancellationToken cancellationToken)
    {
        _reader ??= hub.OpenReader(partitionId, _from, ownerLevel());
        _receiving ??= _reader.Receive(reading.PrefetchCount, CancellationToken.None).AsTask();
        if (!_receiving.IsCompleted)
        {
            var wait = until - clock.GetUtcNow();
            if (wait <= TimeSpan.Zero) return [];
            Task coming = _receiving;
            await coming.WaitAsync(wait, clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (!_receiving.IsCompleted) return [];
        }

        var messages = _receiving;
        _receiving = null;
        return await messages;
    }

    /// <summary>How many messages the hub no longer had, although they were wanted. Sequence numbers have no other gaps; a log never read has nothing to lose.</summary>
    public long Lost(ReceivedEvent message)
    {
        var last = Head >= 0 ? Head : _stored;
        return last < 0 ? 0 : Math.Max(0, message.SequenceNumber - last - 1);
    }

    public async Task Hand(ReceivedEvent message, RangeBuilder ranges, CancellationToken cancellationToken)
    {
        if (message.SequenceNumber <= Head) return;
        ranges.Begin(message);
        await data.Read(message, ranges, cancellationToken);
        ranges.End(message);
        Head = message.SequenceNumber;
        _from = EventPosition.After(Head);
    }

    public Task GoBackTo(long after)
    {
        Head = after;
        _from = after < 0 ? EventPosition.Earliest : EventPosition.After(after);
        return Close();
    }

    /// <summary>Reads no more; whatever is left to do takes no longer than this.</summary>
    public async Task Leave(TimeSpan timeout)
    {
        await Close();
        using var patience = new CancellationTokenSource(timeout, clock);
        await data.Leave(patience.Token);
    }

    /// <summary>Lets go of the connection; the next receive opens another one, after the last message that was handed on.</summary>
    public async Task Close()
    {
        var (reader, receiving) = (_reader, _receiving);
        (_reader, _receiving) = (null, null);
        receiving?.Ignore(); // A reader that is disposed of ends what waits on it.
        if (reader is not null) await reader.DisposeAsync();
    }
}
