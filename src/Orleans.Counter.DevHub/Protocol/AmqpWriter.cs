using System.Buffers.Binary;
using System.Text;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>Encodes an annotations section: a described map with symbols as keys.</summary>
internal ref struct AmqpWriter(Span<byte> destination)
{
    /// <summary>Bytes before the first entry.</summary>
    public const int MapStartBytes = 12;

    private readonly Span<byte> _destination = destination;
    private int _mapStart;
    private int _entries;

    public int Length { get; private set; }

    public void BeginMap(byte section)
    {
        _mapStart = Length;
        _entries = 0;
        Raw([0x00, 0x53, section, 0xD1]);
        Length += 8; // size and count, when they are known
    }

    public readonly void EndMap()
    {
        var size = _destination[(_mapStart + 4)..];
        BinaryPrimitives.WriteInt32BigEndian(size, Length - _mapStart - 8);
        BinaryPrimitives.WriteInt32BigEndian(size[4..], _entries * 2);
    }

    /// <summary>Entries that are encoded already.</summary>
    public void Entries(scoped ReadOnlySpan<byte> encoded, int count)
    {
        Raw(encoded);
        _entries += count;
    }

    public void Long(scoped ReadOnlySpan<byte> key, long value) => Fixed(key, 0x81, value);

    /// <param name="key">ASCII.</param>
    /// <param name="milliseconds">Unix time.</param>
    public void Timestamp(scoped ReadOnlySpan<byte> key, long milliseconds) => Fixed(key, 0x83, milliseconds);

    public void Text(scoped ReadOnlySpan<byte> key, scoped ReadOnlySpan<char> value)
    {
        Key(key);
        var length = Encoding.UTF8.GetByteCount(value);
        if (length <= byte.MaxValue)
        {
            Raw([0xA1, (byte)length]);
        }
        else
        {
            Raw([0xB1]);
            BinaryPrimitives.WriteInt32BigEndian(_destination[Length..], length);
            Length += 4;
        }

        Length += Encoding.UTF8.GetBytes(value, _destination[Length..]);
    }

    public void Raw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_destination[Length..]);
        Length += bytes.Length;
    }

    private void Fixed(scoped ReadOnlySpan<byte> key, byte format, long value)
    {
        Key(key);
        Raw([format]);
        BinaryPrimitives.WriteInt64BigEndian(_destination[Length..], value);
        Length += 8;
    }

    private void Key(scoped ReadOnlySpan<byte> key)
    {
        Raw([0xA3, (byte)key.Length]);
        Raw(key);
        _entries++;
    }
}
