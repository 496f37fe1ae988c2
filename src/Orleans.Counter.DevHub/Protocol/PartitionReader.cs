using System.Globalization;
using System.Threading.Channels;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;
using Orleans.Counter.Dev.Faults;
using Orleans.Counter.Dev.Hubs;
using Orleans.Counter.Dev.Log;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>A link over which a client reads a partition.</summary>
/// <remarks>
/// One loop sends. It goes on while the client has room (<see cref="LinkWindow"/>), the log has events, and the socket takes them; whatever may have
/// changed one of these wakes it. Nothing else sends, so what it counts is exact.
/// </remarks>
internal sealed class PartitionReader : IPartitionReader
{
    private const int FlushEveryBytes = 256 * 1024;

    private static readonly Symbol EpochProperty = new("com.microsoft:epoch");
    private static readonly Symbol NameProperty = new("com.microsoft:receiver-name");
    private static readonly TimeSpan BlockedRecheck = TimeSpan.FromMilliseconds(50);

    private readonly Lock _sending = new();
    private readonly Lock _attaching = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ListenerLink _link;
    private readonly GatedTransport _transport;
    private readonly Hub _hub;
    private readonly int _partition;
    private readonly PartitionLog _log;
    private readonly LogReader _events;
    private readonly LinkWindow _window;
    private readonly Endpoint _endpoint;
    private readonly bool _metrics;
    private volatile bool _closed;
    private bool _attached;
    private long _drawn = -1;
    private LinkFaults? _faults;
    private Fault? _fault;
    private Error? _eviction;

    /// <exception cref="AmqpException">The position or the epoch makes no sense.</exception>
    public PartitionReader(ListenerLink link, Attach attach, Hub hub, int partition, GatedTransport transport, Endpoint endpoint)
    {
        (_link, _hub, _partition, _transport, _endpoint) = (link, hub, partition, transport, endpoint);
        _log = hub.Partitions[partition];
        Name = attach.Properties?[NameProperty] as string ?? attach.LinkName;
        Epoch = attach.Properties?[EpochProperty] is { } epoch ? ToEpoch(epoch) : null;
        _metrics = attach.DesiredCapabilities?.Contains(RuntimeMetrics.Capability) == true;
        _events = StartPosition.Open(_log, (attach.Source as Source)?.FilterSet, hub.GeoOffsets);
        _window = new LinkWindow(link);
    }

    public string Name { get; }

    public long? Epoch { get; }

    public bool IsClosed => _closed;

    /// <summary>Takes its place among the readers, answers the attach, and begins to send.</summary>
    /// <exception cref="AmqpException">It may not read.</exception>
    public void Attach(ReaderSet readers, Attach attach)
    {
        attach.MaxMessageSize = Publisher.MessageBytesMax;
        _link.InitializeSender((delta, _, _) => OnCredit(delta), OnOutcome, this);
        _link.Closed += (_, _) => Stop();
        readers.Admit(this);
        _faults = new LinkFaults(_endpoint.Faults, _link, _transport, _hub.Name, _partition);
        _link.CompleteAttach(attach, null);

        Error? evicted;
        lock (_attaching)
            (_attached, evicted) = (true, _eviction);
        if (evicted is not null)
            Close(evicted);
        _ = Run();
    }

    public void Silence()
    {
        lock (_sending)
            _closed = true;
        Wake();
    }

    public void Evict(Error reason)
    {
        // Before our attach went out there is nothing to detach; who sends it then sees the reason.
        lock (_attaching)
        {
            _eviction = reason;
            if (!_attached)
                return;
        }

        Close(reason);
    }

    private async Task Run()
    {
        _log.Appended += Wake;
        _transport.FrameDone += Wake;
        try
        {
            while (!_closed)
            {
                switch (Send())
                {
                    case Pause.Socket:
                        // Continues elsewhere: the library completes this from inside its writing loop.
                        await _link.Session.Connection.FlushAsync().ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                        break;
                    case Pause.Fault:
                        await Suffer(_fault!).ConfigureAwait(false);
                        break;
                    case Pause.Window:
                        // A window that opens shows in a frame; but another link of the session may be the one that writes our events then.
                        await Task.WhenAny(_wake.Reader.WaitToReadAsync().AsTask(), Task.Delay(BlockedRecheck)).ConfigureAwait(false);
                        _wake.Reader.TryRead(out _);
                        break;
                    default:
                        await _wake.Reader.ReadAsync().ConfigureAwait(false);
                        break;
                }
            }
        }
        catch (IOException e)
        {
            // Damage, or a disk that does not answer: the client must hear of it, and whoever runs this too.
            _endpoint.Report(e.Message);
            Close(Refusals.Error(ErrorCode.InternalError, e.Message));
        }
        catch (Exception e) when (e is AmqpException or ObjectDisposedException)
        {
            // The link, the connection or the hub was closed under a send: there is nobody left to read.
        }
        finally
        {
            _closed = true;
            _log.Appended -= Wake;
            _transport.FrameDone -= Wake;
        }
    }

    private Pause Send()
    {
        var unflushed = 0;
        while (true)
        {
            lock (_sending)
            {
                if (_closed || !_window.HasCredit)
                    return Pause.Event;
                if (_window.IsFull)
                    return Pause.Window;
                if (!_events.TryPeek(out var record))
                {
                    if (_link.IsDraining)
                        _window.Drain();
                    return Pause.Event;
                }

                if (IsStruck(record.Stamp.Sequence))
                    return Pause.Fault;
                var bytes = _metrics ? RuntimeMetrics.Add(record.Payload, _log.End, _hub.GeoOffsets, _endpoint.Time.GetUtcNow()) : record.Payload;
                _window.Send(bytes);
                _events.Advance();
                unflushed += bytes.Length;
            }

            if (unflushed >= FlushEveryBytes)
                return Pause.Socket;
        }
    }

    // Once for each event: what was delayed goes out then.
    private bool IsStruck(long sequence)
    {
        if (sequence == _drawn)
            return false;
        _drawn = sequence;
        _fault = _faults!.Next(FaultMoment.Receive);
        return _fault is not null;
    }

    private async Task Suffer(Fault fault)
    {
        if (fault.Kind is FaultKind.Delay)
        {
            await Task.Delay(fault.Duration, _endpoint.Time).ConfigureAwait(false);
            return;
        }

        Silence();
        _faults!.End(fault);
    }

    private void OnCredit(int delta)
    {
        lock (_sending)
            _window.OnCredit(delta);
        Wake();
    }

    // Not under the sending lock: the library calls this with its own held when a link ends.
    private void OnOutcome(Message message, DeliveryState deliveryState, bool settled, object state)
    {
        _window.OnOutcome((RawMessage)message);
        if (!settled && !_closed)
            _link.DisposeMessage(message, deliveryState, true); // a client that settles second waits for us to settle first
    }

    private void Wake() => _wake.Writer.TryWrite(true);

    private void Stop()
    {
        _closed = true;
        Wake();
    }

    private void Close(Error reason)
    {
        try
        {
            _link.Close(TimeSpan.Zero, reason);
        }
        catch (Exception e) when (e is AmqpException or ObjectDisposedException)
        {
            // The client has closed the link or the connection first.
        }
    }

    private static long ToEpoch(object value)
    {
        try
        {
            return Convert.ToInt64(value, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is InvalidCastException or FormatException or OverflowException)
        {
            throw new AmqpException(Refusals.Error("amqp:invalid-field", $"The epoch '{value}' is not a whole number."));
        }
    }

    private enum Pause
    {
        /// <summary>Until something happens: credit, an event, the end.</summary>
        Event,

        /// <summary>Until the client took some of what is under way.</summary>
        Window,

        /// <summary>Until the socket took what was written.</summary>
        Socket,

        /// <summary>For as long as a fault says, which may be for good.</summary>
        Fault,
    }
}
