namespace Orleans.Counter.Dev.Log;

/// <summary>A stored event: what readers get, in an array that never changes, and where it stands.</summary>
internal readonly record struct LogRecord(Stamp Stamp, ReadOnlyMemory<byte> Payload);

/// <summary>Bytes of a log from some record on, and the file that they were read from; null if they come from memory and need no check.</summary>
internal readonly record struct LogBlock(ReadOnlyMemory<byte> Bytes, LogFile? File);

/// <summary>Walks a partition from a place on. For one caller at a time.</summary>
/// <remarks>Where retention has removed what it stands in, it goes on at the oldest event.</remarks>
internal sealed class LogReader(PartitionLog log, long sequence, long offset)
{
    private const int BlockBytes = 64 * 1024;

    private LogBlock _block;

    /// <summary>The offset of the next event, which may not be there yet.</summary>
    public long Offset { get; private set; } = offset;

    /// <summary>The sequence number of the next event, which may not be there yet.</summary>
    public long Sequence { get; private set; } = sequence;

    /// <summary>The next event, if it was accepted already. <see cref="Advance"/> goes past it.</summary>
    /// <exception cref="LogDamagedException">It was accepted, and the file does not hold it any more.</exception>
    public bool TryPeek(out LogRecord record)
    {
        if (!HoldsWholeRecord(out _))
            Read(BlockBytes);
        if (!HoldsWholeRecord(out var length) && length > BlockBytes)
            Read(length);

        var bytes = _block.Bytes;
        if (bytes.IsEmpty)
        {
            record = default;
            return false;
        }

        if (_block.File is { } file && RecordHeader.Fault(bytes.Span, Sequence, Offset) is { } fault)
            throw new LogDamagedException(file.FilePath, file.PositionOf(Offset), fault);
        var header = RecordHeader.Read(bytes.Span);
        record = new LogRecord(
            new Stamp(header.Sequence, header.Offset, header.EnqueuedMilliseconds), bytes.Slice(RecordHeader.Bytes, header.PayloadLength));
        return true;
    }

    /// <summary>Goes past the event that <see cref="TryPeek"/> showed.</summary>
    public void Advance()
    {
        var length = RecordHeader.Read(_block.Bytes.Span).RecordLength;
        _block = _block with { Bytes = _block.Bytes[length..] };
        Offset += length;
        Sequence++;
    }

    private void Read(int length)
    {
        while (!log.TryRead(Offset, length, out _block))
            (Sequence, Offset) = log.Begin;
    }

    // A block read from a file may end inside a record. A length that cannot be is left to the check of the record.
    private bool HoldsWholeRecord(out int length)
    {
        length = 0;
        if (_block.Bytes.Length < RecordHeader.Bytes)
            return false;
        var header = RecordHeader.Read(_block.Bytes.Span);
        if (header.PayloadLength is <= 0 or > RecordHeader.PayloadMax)
            return false;
        length = header.RecordLength;
        return length <= _block.Bytes.Length;
    }
}
