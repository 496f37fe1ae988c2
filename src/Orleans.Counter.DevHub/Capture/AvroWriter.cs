using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Orleans.Counter.Dev.Capture;

/// <summary>Encodes Avro values, each after the other.</summary>
internal sealed class AvroWriter(IBufferWriter<byte> destination)
{
    public void Long(long value)
    {
        var rest = unchecked(((ulong)value << 1) ^ (ulong)(value >> 63));
        var bytes = destination.GetSpan(10);
        var length = 0;
        for (; rest > 0x7F; rest >>= 7)
            bytes[length++] = (byte)((rest & 0x7F) | 0x80);
        bytes[length++] = (byte)rest;
        destination.Advance(length);
    }

    public void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(destination.GetSpan(sizeof(double)), value);
        destination.Advance(sizeof(double));
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Long(value.Length);
        Raw(value);
    }

    /// <summary>Bytes of a value whose length was written.</summary>
    public void Raw(ReadOnlySpan<byte> value) => destination.Write(value);

    public void Text(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Long(length);
        Encoding.UTF8.GetBytes(value, destination.GetSpan(length + 1));
        destination.Advance(length);
    }
}
