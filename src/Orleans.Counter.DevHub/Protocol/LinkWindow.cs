using System.Runtime.InteropServices;
using Amqp;
using Amqp.Listener;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>How much may be under way to a reader: the credit that it gave, and a bound on what we hold in memory for it.</summary>
/// <remarks>The caller guards all but <see cref="OnOutcome"/>.</remarks>
internal sealed class LinkWindow(ListenerLink link)
{
    // Given to the library, not yet written because the session's window is closed.
    private const long UnwrittenBytesMax = 1024 * 1024;

    // Written, but not settled by the client: the library holds the bytes until then. More than official clients ask for ahead.
    private const long UnsettledBytesMax = 32 * 1024 * 1024;

    private readonly Queue<ByteBuffer> _unwritten = new();
    private long _unwrittenBytes;
    private long _unsettledBytes;
    private long _sent;
    private long _limit;

    public bool HasCredit => _sent < _limit;

    /// <summary>True while the client has to take something before more may follow.</summary>
    public bool IsFull
    {
        get
        {
            // The library consumes a buffer as it writes it.
            while (_unwritten.TryPeek(out var oldest) && oldest.Length == 0)
                _unwrittenBytes -= _unwritten.Dequeue().Capacity;
            return _unwrittenBytes >= UnwrittenBytesMax || Interlocked.Read(ref _unsettledBytes) >= UnsettledBytesMax;
        }
    }

    public void Send(ReadOnlyMemory<byte> bytes)
    {
        if (!MemoryMarshal.TryGetArray(bytes, out var array))
            throw new ArgumentException("The bytes of an event must lie in an array.", nameof(bytes));
        var buffer = new ByteBuffer(array.Array, array.Offset, array.Count, array.Count);
        var message = new RawMessage(null) { Length = link.SettleOnSend ? 0 : bytes.Length };
        Interlocked.Add(ref _unsettledBytes, message.Length);
        link.SendMessage(message, buffer);
        _sent++;
        _unwritten.Enqueue(buffer);
        _unwrittenBytes += buffer.Capacity;
    }

    /// <summary>The client settled an event, or will not.</summary>
    public void OnOutcome(RawMessage message) => Interlocked.Add(ref _unsettledBytes, -message.Length);

    /// <summary>The client changed what it lets us send, by this many events.</summary>
    /// <remarks>
    /// The library forgets the credit that is left when a flow changes nothing, without a call to here. So the limit is kept here. It is what the library
    /// says after a flow that gave credit, which is exact then; and moves by the difference after one that took some.
    /// </remarks>
    public void OnCredit(int delta) => _limit = delta > 0 ? _sent + LinkCredit.Of(link) : Math.Max(_sent, _limit + delta);

    /// <summary>Gives back the credit that is left: the client asked for what there is, and not for more to come.</summary>
    public void Drain()
    {
        link.CompleteDrain();
        _limit = _sent;
    }
}
