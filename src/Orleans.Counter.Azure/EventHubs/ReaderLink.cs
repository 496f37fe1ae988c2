using System.Threading.Channels;
using Amqp;
using Amqp.Framing;

namespace Orleans.Counter.EventHubs;

/// <summary>One attachment of a reader: what has come and is not taken yet, how much more may come, and how it ended.</summary>
internal sealed class ReaderLink
{
    private readonly ReceiverLink _link;
    private readonly string _doing;
    private readonly Channel<ReceivedEvent> _events =
        Channel.CreateUnbounded<ReceivedEvent>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly CreditWindow _window = new();
    private readonly Lock _gate = new();
    private Task<bool>? _waiting;
    private EventHubsException? _failure;

    private ReaderLink(ReceiverLink link, string doing)
    {
        _link = link;
        _doing = doing;
    }

    /// <summary>Why nothing more will come; null while it may.</summary>
    public EventHubsException? Failure => Volatile.Read(ref _failure);

    public static ReaderLink Start(ReceiverLink link, string doing)
    {
        var reader = new ReaderLink(link, doing);
        link.AddClosedCallback(reader.OnClosed);
        link.Start(0, reader.OnMessage); // no credit yet, so that the window alone gives it
        reader.GiveCredit();
        return reader;
    }

    /// <summary>True when there is something to take, false when nothing will come any more. One caller at a time.</summary>
    public Task<bool> WaitForEvent() => _waiting is { IsCompleted: false } ? _waiting : _waiting = _events.Reader.WaitToReadAsync().AsTask();

    public bool TryPeek(out ReceivedEvent received) => _events.Reader.TryPeek(out received!);

    /// <summary>Takes what was peeked.</summary>
    public void Take()
    {
        if (!_events.Reader.TryRead(out var received)) throw new InvalidOperationException("Peek first.");
        lock (_gate) _window.Taken(received.Size());
        GiveCredit();
    }

    /// <summary>Detaches and waits a little, so that the service frees the owner level before the next reader asks.</summary>
    public async Task Close()
    {
        Fail(new EventHubsException(EventHubsFailure.Communication, $"{_doing}: closed."));
        try
        {
            if (!_link.IsClosed) await _link.CloseAsync(TimeSpan.FromSeconds(1)).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is AmqpException or TimeoutException or ObjectDisposedException)
        {
            // Gone with its connection, or its peer does not answer: ending the session is all that is left to do.
        }

        AmqpConnection.End(_link.Session);
    }

    // On the connection's only reading thread, where an exception would end the connection and waiting would stop everyone.
    private void OnMessage(IReceiverLink link, Message message)
    {
        try
        {
            AmqpConnection.Accept(link, message);
            var received = ReceivedEvents.From(message);
            lock (_gate) _window.Arrived(received.Size());
            _events.Writer.TryWrite(received);
            GiveCredit();
        }
        catch (Exception exception)
        {
            Fail(Failures.From(exception, _doing));
        }
    }

    // May run inside the library's locks: takes none of its own.
    private void OnClosed(IAmqpObject sender, Error? error) => Fail(Failures.From(error, _doing));

    /// <summary>Ends it from our side; the first reason stands.</summary>
    public void Fail(EventHubsException failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        _events.Writer.TryComplete();
    }

    // The library's locks are taken after ours has been left: its callbacks come with them held.
    private void GiveCredit()
    {
        int grant;
        lock (_gate) grant = _window.Grant();
        if (grant == 0) return;
        try
        {
            _link.SetCredit(grant, CreditMode.Manual);
        }
        catch (Exception exception) when (exception is AmqpException or ObjectDisposedException)
        {
            Fail(Failures.From(exception, _doing));
        }
    }
}
