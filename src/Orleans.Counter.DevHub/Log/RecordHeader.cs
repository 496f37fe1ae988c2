using System.Buffers.Binary;

namespace Orleans.Counter.Dev.Log;

/// <summary>What stands before every payload in a log file, little endian.</summary>
/// <remarks>
/// <code>
///  0 u32 CRC-32C of everything from byte 4 to the end of the payload
///  4 i32 bytes of payload
///  8 i64 sequence number
/// 16 i64 offset: bytes of records before this one in the partition
/// 24 i64 enqueued time, Unix milliseconds
/// 32 i64 the offset up to which the log was known to be on disk when this record was written
/// </code>
/// The last one tells a torn tail from damage: what a later record calls durable had been accepted, and must not be cut.
/// </remarks>
internal readonly record struct RecordHeader(int PayloadLength, long Sequence, long Offset, long EnqueuedMilliseconds, long DurableOffset)
{
    public const int Bytes = 40;

    /// <summary>No record is larger: the largest message is 1 MiB, and its stamp takes some bytes more.</summary>
    public const int PayloadMax = 2 * 1024 * 1024;

    private const int Summed = 4;

    public int RecordLength => Bytes + PayloadLength;

    /// <summary>Writes the header before a payload that already stands in its place.</summary>
    public void Seal(Span<byte> record)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record[4..], PayloadLength);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(record[16..], Offset);
        BinaryPrimitives.WriteInt64LittleEndian(record[24..], EnqueuedMilliseconds);
        BinaryPrimitives.WriteInt64LittleEndian(record[32..], DurableOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(record, Crc32C.Compute(record[Summed..RecordLength]));
    }

    /// <summary>Reads the fields, whatever they are. <paramref name="record"/> holds at least <see cref="Bytes"/>.</summary>
    public static RecordHeader Read(ReadOnlySpan<byte> record) => new(
        BinaryPrimitives.ReadInt32LittleEndian(record[4..]),
        BinaryPrimitives.ReadInt64LittleEndian(record[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(record[16..]),
        BinaryPrimitives.ReadInt64LittleEndian(record[24..]),
        BinaryPrimitives.ReadInt64LittleEndian(record[32..]));

    /// <summary>Says what is wrong with the record that should stand here, or null.</summary>
    /// <param name="record">From the record's first byte to the end of what is stored.</param>
    /// <param name="sequence">The sequence number it must have.</param>
    /// <param name="offset">The offset it must have.</param>
    public static string? Fault(ReadOnlySpan<byte> record, long sequence, long offset)
    {
        if (record.Length < Bytes)
            return $"{record.Length} bytes where a record of at least {Bytes} was expected";
        var header = Read(record);
        if (header.PayloadLength is <= 0 or > PayloadMax)
            return $"a record of impossible length {header.PayloadLength}";
        if (header.RecordLength > record.Length)
            return $"a record of {header.RecordLength} bytes of which {record.Length} are there";
        if (BinaryPrimitives.ReadUInt32LittleEndian(record) != Crc32C.Compute(record[Summed..header.RecordLength]))
            return "a record that does not have its checksum";
        if (header.Sequence != sequence || header.Offset != offset)
            return $"the record of sequence number {header.Sequence} and offset {header.Offset} where {sequence} and {offset} were expected";
        return null;
    }
}
