namespace Orleans.Counter.Ingest;

/// <summary>Collects the events of one partition into frames and has them sent: group commit.</summary>
/// <remarks>
/// An event that finds nothing in flight goes at once. What arrives while frames are in flight shares the next one, which goes when the hub has answered
/// them all, when it is full, or when its first event has waited for <see cref="IngestOptions.Linger"/>: a lone request is quick, a crowd shares messages.
/// A frame goes only while fewer than <see cref="IngestOptions.FramesInFlight"/> numbers lie between it and the oldest unanswered one: in the log, numbers
/// are out of order by less than that, however often one of them has to be sent again.
/// </remarks>
internal sealed class FrameWriter : IDisposable
{
    private readonly Lock _lock = new();
    private readonly FrameSender _sender;
    private readonly IngestOptions _options;
    private readonly string _partitionId;
    private readonly FrameBuilder _open;
    private readonly Queue<ClosedFrame> _full = new();
    private readonly Queue<ClosedFrame> _inFlight = new(); // from the oldest unanswered one on, in the order of their numbers
    private readonly ITimer _lingered;
    private TaskCompletionSource<bool> _answer = NewAnswer();
    private long _openedAt;
    private ulong _number;
    private bool _lingering, _due;

    public FrameWriter(string partitionId, ulong writer, FrameSender sender, IngestOptions options)
    {
        (_partitionId, _sender, _options) = (partitionId, sender, options);
        _open = new(writer);
        _lingered = sender.Time.CreateTimer(_ => Linger(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes the chain of events that begins at <paramref name="first"/>, and adds the answer of each frame that they went into, and by shard its number.</summary>
    public void Add(EventBatch batch, int first, List<Task<bool>> answers, Span<FrameNumbers> frames)
    {
        lock (_lock)
        {
            var joined = false;
            for (var i = first; i >= 0; i = batch[i].Next, joined = true)
            {
                if (_open.SizeMax + FrameBuilder.EventBytesMax > _options.FrameBytesMax)
                {
                    if (joined) answers.Add(_answer.Task);
                    _full.Enqueue(Close());
                }

                if (_open.Count == 0) _openedAt = _sender.Time.GetTimestamp();
                ref var staged = ref batch[i];
                _open.Add(batch.Video(i), batch.Type(in staged), staged.Id, staged.Time, staged.Value);
                frames[staged.Shard] = frames[staged.Shard].With(_number + 1);
            }

            answers.Add(_answer.Task);
        }

        Go();
    }

    public void Dispose() => _lingered.Dispose();

    // Sends whatever may go now. Outside the lock, because a send may do much before it first waits.
    private void Go()
    {
        while (Next() is { } frame) _ = Send(frame);
    }

    private ClosedFrame? Next()
    {
        lock (_lock)
        {
            if (_inFlight.Count >= _options.FramesInFlight) return null;
            if (!_full.TryDequeue(out var frame))
            {
                if (_open.Count == 0) return null;
                if (_inFlight.Count > 0 && !_due)
                {
                    if (!_lingering) _lingering = _lingered.Change(_options.Linger, Timeout.InfiniteTimeSpan);
                    return null;
                }

                frame = Close();
            }

            _inFlight.Enqueue(frame);
            return frame;
        }
    }

    private ClosedFrame Close()
    {
        var events = _open.Count;
        var frame = new ClosedFrame(++_number, _open.Build(_number), events, _openedAt, _answer);
        _sender.Waiting.Add(frame.Bytes.Length);
        (_answer, _lingering, _due) = (NewAnswer(), false, false);
        return frame;
    }

    private async Task Send(ClosedFrame frame)
    {
        var accepted = await _sender.Send(_partitionId, frame);
        _sender.Waiting.Remove(frame.Bytes.Length);
        lock (_lock)
        {
            frame.IsAnswered = true;
            while (_inFlight.TryPeek(out var oldest) && oldest.IsAnswered) _inFlight.Dequeue();
        }

        frame.Answer.SetResult(accepted);
        Go();
    }

    private void Linger()
    {
        lock (_lock) _due = _open.Count > 0; // at worst a newer frame than the timer was meant for: it goes a little early
        Go();
    }

    private static TaskCompletionSource<bool> NewAnswer() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
