using Amqp;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>A message as it came, or goes, over the wire: bytes, not sections.</summary>
internal sealed class RawMessage(ByteBuffer? bytes) : Message
{
    public int Length { get; init; }

    /// <summary>The bytes of a message that came. The array is the message's own.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes is null ? default : bytes.Buffer.AsMemory(bytes.Offset, bytes.Length);

    public Message Decoded() => Decode(new ByteBuffer(bytes!.Buffer, bytes.Offset, bytes.Length, bytes.Length));
}
