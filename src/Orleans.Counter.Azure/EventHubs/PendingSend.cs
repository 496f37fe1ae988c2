using System.Runtime.InteropServices;
using Amqp;
using Amqp.Framing;

namespace Orleans.Counter.EventHubs;

/// <summary>One event on its way: queued, written, answered.</summary>
internal sealed class PendingSend(string doing, EventData data)
{
    // What the wire adds to a body and to each property, at most.
    private const int FrameOverhead = 64;
    private const int PropertyOverhead = 16;

    private readonly TaskCompletionSource _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private SenderLink? _link;
    private bool _isOver;

    private string What { get; } = doing;

    public Task Answer => _accepted.Task;

    /// <summary>The caller waits no longer: the body is its own again, and is not touched after this.</summary>
    /// <returns>The link it was written to, if it was.</returns>
    public SenderLink? GiveUp()
    {
        lock (_gate)
        {
            _isOver = true;
            return _link;
        }
    }

    public void Fail(Exception exception) => _accepted.TrySetException(exception);

    /// <summary>Encodes the event and puts it into the link's queue; its outcome comes by itself.</summary>
    /// <exception cref="AmqpException">The link has ended, nothing was written: another link may be tried.</exception>
    /// <exception cref="ObjectDisposedException">The same.</exception>
    public void Write(SenderLink link, ulong bytesMax)
    {
        lock (_gate)
        {
            if (_isOver) return;
            var message = Message();
            if (bytesMax > 0 && (ulong)BytesAtMost() > bytesMax && message.Encode().Length is var bytes && (ulong)bytes > bytesMax)
            {
                Fail(new EventHubsException(EventHubsFailure.MessageSizeExceeded, $"{What}: the event has {bytes} bytes, the service takes {bytesMax}."));
                return;
            }

            _link = link;
            link.Send(message, OnOutcome, this);
        }
    }

    private Message Message()
    {
        var message = new Message { BodySection = new Data { Buffer = Buffer(data.Body) } };
        if (data.Properties is { Count: > 0 } properties)
        {
            message.ApplicationProperties = new ApplicationProperties();
            foreach (var (name, value) in properties) message.ApplicationProperties[name] = value;
        }

        if (data.PartitionKey is { } key)
        {
            message.MessageAnnotations = new MessageAnnotations();
            message.MessageAnnotations[ReceivedEvents.PartitionKey] = key;
        }

        return message;
    }

    private static ByteBuffer Buffer(ReadOnlyMemory<byte> body)
    {
        var segment = MemoryMarshal.TryGetArray(body, out var found) ? found : new ArraySegment<byte>(body.ToArray());
        return new ByteBuffer(segment.Array ?? [], segment.Offset, segment.Count, segment.Count);
    }

    private long BytesAtMost()
    {
        long bytes = FrameOverhead + data.Body.Length + (data.PartitionKey is { } key ? PropertyOverhead + (3L * key.Length) : 0);
        foreach (var (name, value) in data.Properties ?? ReceivedEvents.NoProperties)
            bytes += PropertyOverhead + (3L * (name.Length + ((value as string)?.Length ?? 0)));
        return bytes;
    }

    // May run on the connection's reading thread, and inside the library's locks: only says what it was told.
    private static void OnOutcome(ILink link, Message message, Outcome outcome, object state)
    {
        var send = (PendingSend)state;
        if (!ReferenceEquals(link, Volatile.Read(ref send._link))) return; // from a link that ended before it wrote; another has taken over

        // What is in flight when a link ends is reported with the link's error, like a rejection. But nobody has looked at the event then.
        if (link.IsClosed || ((SenderLink)link).LinkState != LinkState.Attached || ((SenderLink)link).Session.IsClosed)
        {
            var error = (outcome as Rejected)?.Error ?? ((SenderLink)link).Error;
            send.Fail(new EventHubsException(
                EventHubsFailure.Communication,
                $"{send.What}: the link was closed before the answer came. {error?.Condition} {error?.Description}".TrimEnd()));
            return;
        }

        switch (outcome)
        {
            case Accepted:
                send._accepted.TrySetResult();
                break;
            case Rejected rejected:
                send.Fail(Failures.From(rejected.Error, send.What));
                break;
            default:
                send.Fail(new EventHubsException(EventHubsFailure.Communication, $"{send.What}: neither accepted nor rejected, but '{outcome}'."));
                break;
        }
    }
}
