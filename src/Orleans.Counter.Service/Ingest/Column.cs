using System.Buffers.Binary;

namespace Orleans.Counter.Ingest;

/// <summary>Bytes of one protobuf field that grow as events come, and are used again for the next frame.</summary>
internal sealed class Column
{
    private byte[] _bytes = new byte[256];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Varint(ulong value)
    {
        var room = Room(10);
        var length = 0;
        for (; value > 0x7F; value >>= 7) room[length++] = unchecked((byte)(value | 0x80));
        room[length++] = (byte)value;
        Length += length;
    }

    /// <summary>A number that may be negative, small ones in few bytes (<c>sint64</c>).</summary>
    public void Zigzag(long value) => Varint(unchecked((ulong)((value << 1) ^ (value >> 63))));

    public void Fixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Room(8), value);
        Length += 8;
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
    }

    /// <summary>A whole field: its tag, its length, its bytes.</summary>
    public void Field(byte tag, ReadOnlySpan<byte> bytes)
    {
        Varint(tag);
        Varint((ulong)bytes.Length);
        Bytes(bytes);
    }

    private Span<byte> Room(int bytes)
    {
        if (_bytes.Length - Length < bytes) Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, Length + bytes));
        return _bytes.AsSpan(Length);
    }
}
