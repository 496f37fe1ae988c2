using System.Globalization;
using System.IO.Compression;
using Parquet;
using Parquet.Schema;

namespace Orleans.Counter.Storage;

/// <summary>A segment as a Parquet file that every tool reads as it is. See docs/storage.md for its columns.</summary>
/// <remarks>
/// Sorted by video, type and minute, in parts (row groups) that begin with a video and hold all of it: the footer says which videos a part is from and to, so that one video is one part.
/// Between the last part and the footer stands the footer's checksum, where readers of Parquet do not look; the footer has those of the parts.
/// Zstd, dictionaries and plain values only: other encodings are smaller by little, and not every reader has them.
/// </remarks>
internal static class SegmentFile
{
    /// <summary>A part ends with the video with which it has this many rows: small enough to be read for a single video, large enough to be packed well.</summary>
    public const int PartRows = 32_768;

    /// <summary>No part has more: a video whose every type had something in every minute may come after all but one of the rows that a part waits for.</summary>
    public const int PartRowsMax = PartRows - 1 + (EventType.PerVideoMax * Minute.PerDay);

    /// <summary>No part has more bytes: 40 a row and a dictionary of ids would be less, even if nothing could be packed.</summary>
    public const int PartBytesMax = 8 << 20;

    /// <summary>Of the key-value metadata of the footer: what no column says.</summary>
    public const string VersionKey = "counter.version", CountKey = "counter.count", ChecksumsKey = "counter.checksums";

    public const int Version = 1;

    public static readonly DataField VideoColumn = new("video_id", typeof(string), isNullable: false);
    public static readonly DataField TypeColumn = new("type", typeof(string), isNullable: false);
    public static readonly DateTimeDataField MinuteColumn = new("minute", DateTimeFormat.Timestamp, isAdjustedToUTC: true, DateTimeTimeUnit.Millis, isNullable: false);
    public static readonly DataField CountColumn = new DataField<long>("count");
    public static readonly DataField SumColumn = new DataField<double>("sum");
    public static readonly DataField MinColumn = new DataField<double>("min");
    public static readonly DataField MaxColumn = new DataField<double>("max");

    private static readonly ParquetSchema Schema = new(VideoColumn, TypeColumn, MinuteColumn, CountColumn, SumColumn, MinColumn, MaxColumn);

    /// <summary>All columns, in order.</summary>
    public static IReadOnlyList<DataField> Columns => Schema.DataFields;

    /// <summary>Writes a segment, a part at a time: no more than a part is held, as columns.</summary>
    /// <param name="id">Which one.</param>
    /// <param name="days">Sorted as <see cref="SegmentDay.Order"/> says; none that is empty, none twice, all of this day and group.</param>
    /// <param name="output">Where to; written from its beginning to its end.</param>
    /// <param name="cancellationToken">Leaves a file without an end.</param>
    /// <exception cref="ArgumentException">The days are not as they must be.</exception>
    public static async Task<SegmentSums> Write(SegmentId id, IEnumerable<SegmentDay> days, Stream output, CancellationToken cancellationToken)
    {
        var options = new ParquetOptions { CompressionMethod = CompressionMethod.Zstd, CompressionLevel = CompressionLevel.Optimal, DictionaryEncodingThreshold = 1 };
        options.ColumnEncodingHints[VideoColumn.Name] = options.ColumnEncodingHints[TypeColumn.Name] = EncodingHint.Dictionary;
        var (sums, checksums, columns) = (new SegmentSums(), new List<string>(), new SegmentColumns(id));
        using var hashed = new HashingStream(output);
        var writer = await ParquetWriter.CreateAsync(Schema, hashed, options, cancellationToken: cancellationToken);
        hashed.Next(); // What stands before the first part belongs to none.
        foreach (var day in days)
        {
            if (columns.Rows >= PartRows && day.Video != columns.LastVideo) await EndPart();
            columns.Add(day);
        }

        if (columns.Rows > 0) await EndPart();
        writer.CustomMetadata = new Dictionary<string, string>
        {
            [VersionKey] = Version.ToString(CultureInfo.InvariantCulture),
            [CountKey] = sums.Count.ToString(CultureInfo.InvariantCulture),
            [ChecksumsKey] = string.Join(' ', checksums),
        };
        await WriteFooter();
        return sums;

        // Not on the way out after a failure: the file must not look whole then.
        async Task WriteFooter()
        {
            var footer = hashed.Hold();
            await writer.DisposeAsync();
            await output.WriteAsync(SegmentFooter.Checksum(footer.ToArray()), cancellationToken);
            await output.WriteAsync(footer.ToArray(), cancellationToken);
        }

        async Task EndPart()
        {
            sums += columns.Sums;
            using (var part = writer.CreateRowGroup()) await columns.Write(part, cancellationToken);
            checksums.Add(hashed.Next());
            columns.Clear();
        }
    }
}

/// <summary>What a segment holds, added up.</summary>
/// <param name="Rows">Minutes of a video and type.</param>
/// <param name="Count">Events in them.</param>
internal readonly record struct SegmentSums(long Rows, long Count)
{
    public static SegmentSums operator +(SegmentSums one, SegmentSums other) => new(one.Rows + other.Rows, one.Count + other.Count);
}
