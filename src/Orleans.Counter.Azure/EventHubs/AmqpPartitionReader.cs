namespace Orleans.Counter.EventHubs;

/// <summary>
/// Reads one partition across as many attachments as it takes. All work is done in <see cref="Receive"/>, by its caller; attaching goes on when a caller
/// gives up waiting, so that no half-attached reader keeps the owner level.
/// </summary>
internal sealed class AmqpPartitionReader : IPartitionReader
{
    private readonly AmqpEventHub _hub;
    private readonly string _partitionId;
    private readonly long? _ownerLevel;
    private readonly CancellationTokenSource _stopping = new();
    private readonly RetryPause _pause = new();
    private EventPosition _position;
    private Task<ReaderLink>? _attaching;
    private ReaderLink? _link;
    private bool _isFresh;
    private long? _seemsStuckAt;
    private EventHubsException? _end;
    private int _callers;

    public AmqpPartitionReader(AmqpEventHub hub, string partitionId, EventPosition from, long? ownerLevel)
    {
        _hub = hub;
        _partitionId = partitionId;
        _position = from;
        _ownerLevel = ownerLevel;
    }

    public async ValueTask<IReadOnlyList<ReceivedEvent>> Receive(int countMax, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(countMax, 1);
        if (Interlocked.Increment(ref _callers) > 1)
        {
            Interlocked.Decrement(ref _callers);
            throw new InvalidOperationException("A partition reader is for one caller at a time.");
        }

        try
        {
            while (true)
            {
                ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
                cancellationToken.ThrowIfCancellationRequested();
                if (_end is not null) throw _end;
                if (_link is null) await Attach(cancellationToken).ConfigureAwait(false);
                else if (_link.Failure?.Failure == EventHubsFailure.ConsumerDisconnected) End(_link.Failure); // what is still held is the new owner's
                else if (Take(countMax) is { Count: > 0 } events) return events;
                else if (_link.Failure is { } failure) await Interrupt(failure).ConfigureAwait(false);
                else await WaitForEvent(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _callers);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        _hub.Forget(this);
        if (_attaching is { } attaching)
        {
            await ((Task)attaching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (attaching.IsCompletedSuccessfully) _link ??= attaching.Result;
        }

        if (_link is not null) await _link.Close().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task Attach(CancellationToken cancellationToken)
    {
        _attaching ??= AttachAfter(_pause.Length);
        try
        {
            _link = await _attaching.WaitAsync(cancellationToken).ConfigureAwait(false);
            _isFresh = true;
            _attaching = null;
        }
        catch (EventHubsException failure)
        {
            _attaching = null;
            if (failure.Failure is EventHubsFailure.ConsumerDisconnected or EventHubsFailure.InvalidPosition
                or EventHubsFailure.ResourceNotFound or EventHubsFailure.Unauthorized)
            {
                End(failure);
                return;
            }

            _pause.Failed(failure.Failure);
            _hub.Logger.ReaderInterrupted(_partitionId, failure.Failure, failure.Message, _position, _pause.Length);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(AmqpPartitionReader));
        }
    }

    private async Task<ReaderLink> AttachAfter(TimeSpan pause)
    {
        await Task.Delay(pause, _hub.Time, _stopping.Token).ConfigureAwait(false);
        if (_position == EventPosition.Latest) _position = await _hub.End(_partitionId).ConfigureAwait(false);
        var attached = await _hub.AttachReader(_partitionId, _position, _ownerLevel).ConfigureAwait(false);
        _hub.Logger.ReaderAttached(_partitionId, _position, _ownerLevel);
        return ReaderLink.Start(attached.Link, $"Read partition {_partitionId}");
    }

    private List<ReceivedEvent> Take(int countMax)
    {
        var link = _link!;
        var taken = new List<ReceivedEvent>();
        while (taken.Count < countMax && link.TryPeek(out var received) && IsNext(received))
        {
            link.Take();
            taken.Add(received);
            _position = EventPosition.After(received.SequenceNumber);
            _isFresh = false;
        }

        if (taken.Count > 0)
        {
            _pause.Reset();
            _seemsStuckAt = null;
        }

        return taken;
    }

    // A gap in the middle is never believed: we ask again from the last event that was handed out, and only if the service then still begins later,
    // the events in between are gone.
    private bool IsNext(ReceivedEvent received)
    {
        if (_position.LastSequenceNumber is not { } last || received.SequenceNumber == last + 1) return true;
        if (_isFresh && received.SequenceNumber > last)
        {
            _hub.Logger.EventsGone(_partitionId, last + 1, received.SequenceNumber - 1);
            return true;
        }

        _hub.Logger.OutOfOrder(_partitionId, last + 1, received.SequenceNumber);
        _link!.Fail(new EventHubsException(
            EventHubsFailure.General, $"Read partition {_partitionId}: {received.SequenceNumber} came where {last + 1} was due."));
        return false;
    }

    private async Task WaitForEvent(CancellationToken cancellationToken)
    {
        try
        {
            await _link!.WaitForEvent().WaitAsync(_hub.Options.SilenceMax, _hub.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await AskWhetherAnythingIsThere(cancellationToken).ConfigureAwait(false);
        }
    }

    // Silence is the usual state of an idle partition, and looks the same as a dead connection or a lost credit. The question tells: a peer that leaves
    // it unanswered is taken for dead there, and one that has more for us than it sends, twice in a row, is asked again from the start.
    private async Task AskWhetherAnythingIsThere(CancellationToken cancellationToken)
    {
        try
        {
            var partition = await _hub.GetPartitionProperties(_partitionId, cancellationToken).ConfigureAwait(false);
            if (_position.LastSequenceNumber is not { } received || partition.LastSequenceNumber <= received) return;
            if (partition.IsEmpty || _link!.TryPeek(out _)) return;
            if (_seemsStuckAt == received)
            {
                _hub.Logger.ReaderStuck(_partitionId, partition.LastSequenceNumber, received, _hub.Options.SilenceMax);
                _link.Fail(new EventHubsException(EventHubsFailure.Communication, $"Read partition {_partitionId}: nothing came, though there is more."));
            }

            _seemsStuckAt = received;
        }
        catch (EventHubsException failure)
        {
            _hub.Logger.SilenceUnexplained(failure, _partitionId, _hub.Options.SilenceMax);
        }
    }

    private async Task Interrupt(EventHubsException failure)
    {
        _pause.Failed(failure.Failure);
        _hub.Logger.ReaderInterrupted(_partitionId, failure.Failure, failure.Message, _position, _pause.Length);
        await _link!.Close().ConfigureAwait(false);
        _link = null;
        _seemsStuckAt = null;
    }

    private void End(EventHubsException failure)
    {
        _hub.Logger.ReaderEnded(failure, _partitionId, failure.Failure);
        _end = failure;
    }
}
