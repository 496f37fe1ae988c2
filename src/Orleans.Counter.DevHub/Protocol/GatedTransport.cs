using System.Buffers;
using Amqp;
using Orleans.Counter.Dev.Hubs;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>A client's connection, as bytes.</summary>
/// <remarks>
/// Holds back our AMQP header until the client has sent its own: the listener sends it in one go with the SASL outcome, and rhea, on which all official
/// JavaScript clients stand, stops reading at the outcome and waits forever. Reads nothing while too much waits for the disk.
/// </remarks>
internal sealed class GatedTransport(Stream stream, IntakeBudget intake) : IAsyncTransport
{
    private const int BufferBytes = 64 * 1024;

    private readonly TaskCompletionSource _clientHeader = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _letIn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _buffer = new byte[BufferBytes];
    private bool _gated = true;
    private int _start;
    private int _count;

    /// <summary>Raised when the frame read before has been dealt with. Handlers must not wait.</summary>
    public event Action? FrameDone;

    /// <summary>Ends when the connection does.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Ends when a connection stands on this transport: the client said who it is, and was let in.</summary>
    public Task LetIn => _letIn.Task;

    public void SetConnection(Connection connection) => _letIn.TrySetResult();

    public async Task SendAsync(IList<ByteBuffer> bufferList, int listSize)
    {
        if (_gated && IsAmqpHeader(bufferList[0].Buffer.AsSpan(bufferList[0].Offset, bufferList[0].Length)))
        {
            await _clientHeader.Task.ConfigureAwait(false);
            _gated = false;
        }

        var bytes = ArrayPool<byte>.Shared.Rent(listSize);
        try
        {
            var length = 0;
            foreach (var one in bufferList)
            {
                one.Buffer.AsSpan(one.Offset, one.Length).CopyTo(bytes.AsSpan(length));
                length += one.Length;
            }

            await stream.WriteAsync(bytes.AsMemory(0, length)).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    public async Task<int> ReceiveAsync(byte[] buffer, int offset, int count)
    {
        if (_count == 0)
        {
            FrameDone?.Invoke();
            await intake.WhenBelow().ConfigureAwait(false);
            (_start, _count) = (0, await stream.ReadAsync(_buffer).ConfigureAwait(false));
        }

        var taken = Math.Min(count, _count);
        _buffer.AsSpan(_start, taken).CopyTo(buffer.AsSpan(offset));
        if (!_clientHeader.Task.IsCompleted && IsAmqpHeader(buffer.AsSpan(0, offset + taken))) // it may come in pieces
            _clientHeader.TrySetResult();
        _start += taken;
        _count -= taken;
        return taken;
    }

    // The library reads and writes a listener's transport asynchronously only.
    public void Send(ByteBuffer buffer) => throw new NotSupportedException();

    public int Receive(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public void Close()
    {
        _clientHeader.TrySetCanceled();
        stream.Dispose();
        _closed.TrySetResult();
    }

    private static bool IsAmqpHeader(ReadOnlySpan<byte> bytes) => bytes.StartsWith("AMQP\0"u8);
}
