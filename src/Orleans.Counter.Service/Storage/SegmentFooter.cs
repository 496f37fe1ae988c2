using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using Parquet;
using Parquet.Meta;

namespace Orleans.Counter.Storage;

/// <summary>The end of a segment: where in it which videos are, and what is needed to read them.</summary>
/// <remarks>Whatever is read was written by somebody: what is not as <see cref="SegmentFile"/> writes it is refused, and nothing is asked for that a footer of ours would not have.</remarks>
internal sealed class SegmentFooter
{
    /// <summary>Behind the footer: its length, and the mark of the format.</summary>
    public const int EndBytes = 8;

    private static readonly byte[] Mark = "PAR1"u8.ToArray();

    private readonly SegmentId _id;
    private readonly long _length;
    private readonly ReadOnlyMemory<byte> _bytes; // with its checksum before it, and its end
    private readonly List<SegmentPart> _parts;

    private SegmentFooter(SegmentId id, long length, ReadOnlyMemory<byte> bytes, SegmentSums sums, List<SegmentPart> parts) => (_id, _length, _bytes, Sums, _parts) = (id, length, bytes, sums, parts);

    /// <summary>How many bytes are kept.</summary>
    public int Bytes => _bytes.Length;

    /// <summary>What the footer says that the segment holds.</summary>
    public SegmentSums Sums { get; }

    /// <summary>All parts, in the order of their videos.</summary>
    public IReadOnlyList<SegmentPart> Parts => _parts;

    /// <summary>How long the footer is, with its checksum and its end, by the last bytes of the file.</summary>
    /// <exception cref="InvalidDataException">The file does not end as a segment does.</exception>
    public static int LengthOf(SegmentId id, long fileLength, ReadOnlySpan<byte> end)
    {
        if (end.Length < EndBytes || !end[^4..].SequenceEqual(Mark)) throw Damaged(id, "it does not end as a Parquet file does");
        var length = BinaryPrimitives.ReadInt32LittleEndian(end[^EndBytes..]);
        return length > 0 && length <= fileLength - EndBytes - HashingStream.ChecksumBytes - Mark.Length ? HashingStream.ChecksumBytes + length + EndBytes : throw Damaged(id, $"its footer would have {length} bytes, of {fileLength}");
    }

    /// <summary>What stands before a footer.</summary>
    public static byte[] Checksum(ReadOnlySpan<byte> footer)
    {
        var checksum = new byte[HashingStream.ChecksumBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(checksum, XxHash3.HashToUInt64(footer));
        return checksum;
    }

    /// <summary>Reads a footer.</summary>
    /// <param name="id">Whose.</param>
    /// <param name="fileLength">Of the whole segment.</param>
    /// <param name="bytes">The last bytes of the file, as many as <see cref="LengthOf"/> says.</param>
    /// <exception cref="InvalidDataException">The bytes are not the footer of a segment.</exception>
    public static Task<SegmentFooter> Read(SegmentId id, long fileLength, ReadOnlyMemory<byte> bytes) => Distrusting(id, async () =>
    {
        // The reader of the library believes what it reads, and may go round in circles.
        if (!Checksum(bytes.Span[HashingStream.ChecksumBytes..]).AsSpan().SequenceEqual(bytes.Span[..HashingStream.ChecksumBytes])) throw Damaged(id, "its footer has another checksum");
        await using var reader = await Open(fileLength, bytes);
        if (!Wanted(reader.Schema.DataFields).SequenceEqual(Wanted(SegmentFile.Columns))) throw Damaged(id, $"its columns are {string.Join(", ", Wanted(reader.Schema.DataFields))}");
        var said = reader.CustomMetadata;
        if (said.GetValueOrDefault(SegmentFile.VersionKey) is var version && version != SegmentFile.Version.ToString(CultureInfo.InvariantCulture))
            throw Damaged(id, $"it has version '{version}', and this reader knows {SegmentFile.Version}");
        var checksums = said[SegmentFile.ChecksumsKey].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var groups = reader.Metadata!.RowGroups;
        if (checksums.Length != groups.Count) throw Damaged(id, $"it has {groups.Count} parts and {checksums.Length} checksums");
        var parts = new List<SegmentPart>(groups.Count);
        foreach (var (group, checksum) in groups.Zip(checksums)) parts.Add(Part(id, group, checksum, parts.Count > 0 ? parts[^1] : null, fileLength - bytes.Length));
        var sums = new SegmentSums(parts.Sum(part => (long)part.Rows), long.Parse(said[SegmentFile.CountKey], CultureInfo.InvariantCulture));
        return new SegmentFooter(id, fileLength, bytes, sums, parts);
    });

    /// <summary>The part that holds a video, if any does.</summary>
    public SegmentPart? Find(VideoId video)
    {
        var (low, high) = (0, _parts.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (string.CompareOrdinal(_parts[middle].Last.Value, video.Value) < 0) low = middle + 1;
            else high = middle - 1;
        }

        return low < _parts.Count && string.CompareOrdinal(_parts[low].First.Value, video.Value) <= 0 ? _parts[low] : null;
    }

    /// <summary>What a part holds, in order.</summary>
    /// <param name="part">One of <see cref="Parts"/>.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <exception cref="InvalidDataException">The bytes are not those that were written.</exception>
    public Task<IReadOnlyList<SegmentDay>> Decode(SegmentPart part, ReadOnlyMemory<byte> bytes) => Distrusting(_id, async () =>
    {
        if (bytes.Length != part.Length || HashingStream.Of(bytes.Span) != part.Checksum) throw Damaged(_id, $"the part from {part.First} to {part.Last} has another checksum");
        await using var reader = await Open(_length, _bytes, (part.Offset, bytes));
        var rows = await SegmentRows.Read(reader.OpenRowGroupReader(_parts.IndexOf(part)), part.Rows);
        return rows.Days(_id, part);
    });

    /// <summary>What is wrong with a segment.</summary>
    public static InvalidDataException Damaged(SegmentId id, string what, Exception? because = null) => new($"The segment {TableLayout.SegmentName(id)} is damaged: {what}.", because);

    private static SegmentPart Part(SegmentId id, RowGroup group, string checksum, SegmentPart? before, long dataEnd)
    {
        var chunks = group.Columns.Select(column => column.MetaData ?? throw Damaged(id, "a column has no metadata")).ToList();
        var (offset, length) = (chunks[0].DataPageOffset, chunks.Sum(chunk => chunk.TotalCompressedSize));
        var (first, last) = (Video(id, chunks[0].Statistics?.MinValue), Video(id, chunks[0].Statistics?.MaxValue));
        var isWhole = offset == (before is null ? Mark.Length : before.Offset + before.Length) && length is > 0 and <= SegmentFile.PartBytesMax && offset + length <= dataEnd;
        var isSorted = string.CompareOrdinal(first.Value, last.Value) <= 0 && (before is null || string.CompareOrdinal(before.Last.Value, first.Value) < 0);
        if (!isWhole || !isSorted || group.NumRows is < 1 or > SegmentFile.PartRowsMax || chunks.Exists(chunk => chunk.NumValues != group.NumRows || chunk.TotalCompressedSize < 1 || chunk.DataPageOffset < offset))
            throw Damaged(id, $"its footer describes a part ({first} to {last}, {group.NumRows} rows, {length} bytes from {offset}) that was never written so");
        return new(first, last, (int)group.NumRows, offset, (int)length, checksum);
    }

    private static VideoId Video(SegmentId id, byte[]? utf8) =>
        utf8 is not null && VideoId.TryParse(utf8.AsSpan(), out var video) ? video : throw Damaged(id, $"its footer names the video '{System.Text.Encoding.UTF8.GetString(utf8 ?? [])}'");

    private static IEnumerable<string> Wanted(IEnumerable<Parquet.Schema.DataField> fields) => fields.Select(field => $"{field.Name} {field.ClrType.Name}{(field.IsNullable ? "?" : "")}");

    private static Task<ParquetReader> Open(long length, ReadOnlyMemory<byte> footer, params IReadOnlyList<(long Offset, ReadOnlyMemory<byte> Bytes)> parts) =>
        ParquetReader.CreateAsync(new SparseStream(length, [(0, Mark), .. parts, (length - footer.Length, footer)]));

    /// <summary>Everything is in memory by now: whatever goes wrong is wrong with the bytes.</summary>
    private static async Task<T> Distrusting<T>(SegmentId id, Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception exception) when (exception is not (InvalidDataException or OutOfMemoryException))
        {
            throw Damaged(id, exception.Message, exception);
        }
        catch (InvalidDataException exception) when (!exception.Message.Contains(TableLayout.SegmentName(id), StringComparison.Ordinal))
        {
            throw Damaged(id, exception.Message, exception);
        }
    }
}

/// <summary>A part of a segment: videos from one to another, and their bytes.</summary>
internal sealed record SegmentPart(VideoId First, VideoId Last, int Rows, long Offset, int Length, string Checksum);
