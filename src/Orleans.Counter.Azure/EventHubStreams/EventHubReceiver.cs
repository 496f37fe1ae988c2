using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Counter.EventHubs;
using Orleans.Streams;

namespace Orleans.Counter.EventHubStreams;

/// <summary>
/// Reads one partition for all of its streams. Each stream has a place of its own: a message goes to the streams that are before it, and when a stream goes back,
/// the partition is read again from the place that stands furthest back.
/// </summary>
/// <remarks>Lives on its agent's turns: nothing here runs at the same time as a cursor of the cache, but a cursor may move wherever something is awaited.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "Orleans shuts a receiver down and never disposes of it.")]
internal sealed partial class EventHubReceiver(
    string partitionId, IEventHub hub, Func<long> ownerLevel, IEventHubDataAdapter adapter, EventHubQueueCache cache,
    EventHubReceiverOptions reading, EventHubStreamCacheOptions caching, TimeProvider clock, ILogger logger) : IQueueAdapterReceiver
{
    private readonly CancellationTokenSource _stopping = new();
    private PartitionLog? _log;
    private RangeBuilder? _ranges;
    private DateTimeOffset _lingerUntil;
    private DateTimeOffset _beatAt;
    private DateTimeOffset? _backAt;
    private int _beat;

    public Task Initialize(TimeSpan timeout) => Task.CompletedTask; // The first read begins: a failure there is tried again, one here never.

    public Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount) => GetQueueMessagesAsync(maxCount, CancellationToken.None);

    /// <summary>What there is for the streams; empty after a failure and after a wait that brought nothing.</summary>
    public async Task<IList<IBatchContainer>> GetQueueMessagesAsync(int maxCount, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, cancellationToken);
        try
        {
            if (_log is null) await TakeOver(stopping.Token);
            else await Read(_log, stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return [];
        }
        catch (Exception exception)
        {
            // Whatever it was: messages that were read whole are handed out below, and the next read goes on after them.
            if (exception is EventHubsException { Failure: EventHubsFailure.ConsumerDisconnected }) LogRobbed(partitionId, exception.Message);
            else LogReadFailed(exception, partitionId);
            if (_log is not null) await _log.Close();
            await Task.Delay(reading.RetryAfter, clock, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        }

        if (_log is null) return [];
        var ranges = _ranges!.Take(_log.Head);
        if (clock.GetUtcNow() >= _beatAt) ranges.AddRange(Beat(_log.Head));
        return ranges;
    }

    public Task MessagesDeliveredAsync(IList<IBatchContainer> messages) => Task.CompletedTask;

    public async Task Shutdown(TimeSpan timeout)
    {
        _stopping.Cancel(); // On the agent's turn, like everything here.
        if (_log is not null) await _log.Leave(timeout);
    }

    /// <summary>Finds out where everybody is. The first beat then shows every stream to the agent at once, so that later no new stream holds the partition up.</summary>
    private async Task TakeOver(CancellationToken cancellationToken)
    {
        var data = adapter.TakeOver(partitionId);
        var start = await data.Start(cancellationToken);
        var limits = new LaneLimits((int)(caching.BytesMax * caching.StreamShare), caching.ItemsPerDelivery, WeightPerDelivery: 1 << 20);
        var lanes = data.Streams.Zip(start.After, (stream, after) => new StreamLane(stream, after, limits)).ToArray();
        cache.Reset(lanes);
        _ranges = new(lanes);
        _log = new(partitionId, hub, ownerLevel, data, start, reading, clock);
        var last = start.After.Min();
        LogTookOver(partitionId, lanes.Length, last, start.ReadFrom);
    }

    private async Task Read(PartitionLog log, CancellationToken cancellationToken)
    {
        await Room(cancellationToken);
        await GoBack(log);
        await Linger(cancellationToken);
        var messages = await log.Receive(until: _backAt < _beatAt ? _backAt.Value : _beatAt, cancellationToken);
        foreach (var message in messages)
        {
            if (log.Lost(message) is > 0 and var lost) LogGone(partitionId, lost, message.SequenceNumber);
            await log.Hand(message, _ranges!, cancellationToken);
        }

        // A crowd gathers before it goes on; the first message after a pause does not wait, nor does a reader that has much to catch up with.
        if (messages.Count is > 0 && messages.Count < reading.PrefetchCount) _lingerUntil = clock.GetUtcNow() + reading.Linger;
    }

    /// <summary>Waits until the streams have taken enough of what was read. A stream that takes nothing is parked before it can stop the others.</summary>
    private async Task Room(CancellationToken cancellationToken)
    {
        while (cache.Weight > caching.BytesMax) await Task.Delay(TimeSpan.FromMilliseconds(5), clock, cancellationToken);
    }

    private Task GoBack(PartitionLog log)
    {
        var behind = cache.Lanes.Where(lane => lane.IsBehind).ToList();
        if (behind.Count == 0)
        {
            _backAt = null; // Who asked has found its place since.
            return Task.CompletedTask;
        }

        // Those that lost their memory together ask for their places one after the other: one way back serves them all.
        _backAt ??= clock.GetUtcNow() + reading.Gather;
        if (clock.GetUtcNow() < _backAt) return Task.CompletedTask;
        _backAt = null;
        foreach (var lane in behind) lane.ReaderIsBack();
        var after = behind.Min(lane => lane.Next);
        if (after >= log.Head) return Task.CompletedTask;
        LogGoingBack(partitionId, log.Head, after, behind.Count);
        return log.GoBackTo(after);
    }

    private async Task Linger(CancellationToken cancellationToken)
    {
        var rest = _lingerUntil - clock.GetUtcNow();
        if (rest > TimeSpan.Zero) await Task.Delay(rest, clock, cancellationToken);
    }

    /// <summary>Every stream hears, once in a while, how far the partition has been read: so it learns of a tail that it lost, without any new event.</summary>
    private List<IBatchContainer> Beat(long head)
    {
        _beatAt = clock.GetUtcNow() + reading.Beat;
        return _ranges!.Beat(head, ++_beat);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Partition {Partition}: taken over with {Streams} streams, the last of them after {After}; reading from {From}.")]
    private partial void LogTookOver(string partition, int streams, long after, EventPosition from);

    [LoggerMessage(Level = LogLevel.Information, Message = "Partition {Partition}: going back from {Head} to {After}; {Streams} streams asked for it.")]
    private partial void LogGoingBack(string partition, long head, long after, int streams);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partition {Partition}: another reader has it ({Reason}). Trying again.")]
    private partial void LogRobbed(string partition, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Partition {Partition}: reading failed. Trying again; nothing is skipped.")]
    private partial void LogReadFailed(Exception exception, string partition);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Partition {Partition}: {Lost} messages before {Next} were not read in time and are gone from the hub. Their events are not counted.")]
    private partial void LogGone(string partition, long lost, long next);
}
