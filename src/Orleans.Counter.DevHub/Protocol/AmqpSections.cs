using System.Buffers.Binary;

namespace Orleans.Counter.Dev.Protocol;

/// <summary>A message is not encoded as AMQP says.</summary>
internal sealed class MalformedMessageException(string message) : Exception(message);

/// <summary>Walks the sections of an encoded message without decoding them: a body of a megabyte costs as much as an empty one.</summary>
internal ref struct AmqpSections(ReadOnlyMemory<byte> message)
{
    public const byte Header = 0x70;
    public const byte DeliveryAnnotations = 0x71;
    public const byte MessageAnnotations = 0x72;
    public const byte Data = 0x75;

    // Values nest (a described value in a list in a map); a message that nests deeper than any real one must not end the process.
    private const int DepthMax = 32;

    private readonly ReadOnlyMemory<byte> _message = message;
    private int _position;

    /// <summary>What the section is: the low byte of its descriptor.</summary>
    public byte Code { get; private set; }

    /// <summary>The whole section.</summary>
    public ReadOnlyMemory<byte> Section { get; private set; }

    /// <summary>The section's value, without its descriptor.</summary>
    public ReadOnlyMemory<byte> Value { get; private set; }

    /// <summary>Where <see cref="Section"/> begins in the message.</summary>
    public int Start { get; private set; }

    /// <exception cref="MalformedMessageException"/>
    public bool MoveNext()
    {
        var bytes = _message.Span;
        Start = _position;

        // A message without body that was encoded by AMQPNetLite ends with a null, which is no section.
        if (_position == bytes.Length || (_position == bytes.Length - 1 && bytes[_position] == 0x40))
            return false;
        if (bytes[_position] != 0)
            throw new MalformedMessageException($"Byte {_position} of the message begins no section.");
        var valueStart = Skip(bytes, _position + 1, 0);
        var descriptor = bytes[(_position + 1)..valueStart];
        Code = descriptor switch
        {
            [0x53, var code] => code,
            [0x80, 0, 0, 0, 0, 0, 0, 0, var code] => code,
            _ => throw new MalformedMessageException($"Byte {_position} of the message begins a section with an unknown descriptor."),
        };
        var end = Skip(bytes, valueStart, 0);
        Section = _message[_position..end];
        Value = _message[valueStart..end];
        _position = end;
        return true;
    }

    /// <summary>The position after the value that begins at <paramref name="position"/>.</summary>
    public static int Skip(ReadOnlySpan<byte> bytes, int position, int depth = 0)
    {
        if (position >= bytes.Length || depth > DepthMax)
            throw new MalformedMessageException("The message ends inside a value, or nests too deep.");
        var format = bytes[position++];
        if (format == 0)
            return Skip(bytes, Skip(bytes, position, depth + 1), depth + 1);
        long length = (format >> 4) switch
        {
            0x4 => 0,
            0x5 => 1,
            0x6 => 2,
            0x7 => 4,
            0x8 => 8,
            0x9 => 16,
            0xA or 0xC or 0xE when position < bytes.Length => 1L + bytes[position],
            0xB or 0xD or 0xF when position + 4 <= bytes.Length => 4L + BinaryPrimitives.ReadUInt32BigEndian(bytes[position..]),
            _ => throw new MalformedMessageException($"Format code 0x{format:x2} in the message has no meaning, or its length is missing."),
        };
        return position + length <= bytes.Length ? (int)(position + length) : throw new MalformedMessageException("The message ends inside a value.");
    }

    /// <summary>The content of a binary value.</summary>
    public static ReadOnlyMemory<byte> Binary(ReadOnlyMemory<byte> value) => value.Span[0] switch
    {
        0xA0 => value[2..],
        0xB0 => value[5..],
        _ => throw new MalformedMessageException("A data section holds something other than binary."),
    };

    /// <summary>The entries of a map value, as they are encoded.</summary>
    public static ReadOnlyMemory<byte> Entries(ReadOnlyMemory<byte> value) => value.Span[0] switch
    {
        0xC1 when value.Length >= 3 => value[3..],
        0xD1 when value.Length >= 9 => value[9..],
        0x40 => default,
        _ => throw new MalformedMessageException("An annotations section holds something other than a map."),
    };
}
