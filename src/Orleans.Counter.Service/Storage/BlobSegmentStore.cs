using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Storage;

/// <summary>Segments as blobs of the container <c>cold</c>.</summary>
/// <remarks>Every read names the version that it is of: parts of two are never put together. One that was replaced meanwhile is begun anew.</remarks>
internal sealed class BlobSegmentStore(IOptions<StorageOptions> options, Patience patience, StorageInstruments instruments) : ISegmentStore
{
    // Of a segment that nobody knows, this much is read first: many are not larger.
    private const int FirstBytes = 256 << 10;

    // Of one that is, this much of its end: the footers of a hundred parts.
    private const int LastBytes = 128 << 10;

    private const string RowsKey = "rows", CountKey = "count", WriterKey = "writer";

    private readonly BlobContainerClient _container = options.Value.Blobs().GetBlobContainerClient("cold");
    private readonly SegmentFooters _footers = new(options.Value.SegmentFooterBytesMax);

    public Task Prepare(CancellationToken cancellationToken) => patience.Until(_ => _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken), cancellationToken);

    public async ValueTask<Segment?> Find(SegmentId id, CancellationToken cancellationToken) => (await Properties(id, cancellationToken))?.Segment;

    public async ValueTask<Segment> Write(SegmentId id, IEnumerable<SegmentDay> days, Segment? instead, CancellationToken cancellationToken)
    {
        var writer = Guid.NewGuid().ToString("n");
        await using var upload = new BlockUpload(_container.GetBlockBlobClient(TableLayout.SegmentName(id)), patience, cancellationToken);
        var sums = await SegmentFile.Write(id, days, upload, cancellationToken);
        var headers = new BlobHttpHeaders { ContentType = "application/vnd.apache.parquet" };
        var metadata = new Dictionary<string, string> { [RowsKey] = Text(sums.Rows), [CountKey] = Text(sums.Count), [WriterKey] = writer };
        var conditions = instead is null ? new BlobRequestConditions { IfNoneMatch = ETag.All } : new BlobRequestConditions { IfMatch = new ETag(instead.Version) };
        var version = await patience.Until(
            async _ =>
            {
                try
                {
                    return (await upload.Finish(headers, metadata, conditions)).ETag.ToString();
                }
                catch (RequestFailedException conflict) when (conflict.Status is 404 or 409 or 412 || conflict.ErrorCode == BlobErrorCode.InvalidBlockList)
                {
                    // An earlier attempt whose answer was lost wrote this very segment; anything else is somebody else's.
                    return await Properties(id, cancellationToken) is { } stands && stands.Writer == writer ? stands.Segment.Version : throw new StaleWriterException(TableLayout.SegmentName(id));
                }
            },
            cancellationToken);
        return new(id, version, upload.Length, sums.Rows, sums.Count);
    }

    public async IAsyncEnumerable<SegmentDay> Read(Segment segment, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var opened = await Open(segment.Id, segment.Version, cancellationToken) ?? throw new StaleWriterException(TableLayout.SegmentName(segment.Id));
        var footer = opened.Known.Footer;
        if (footer.Sums != new SegmentSums(segment.Rows, segment.Count))
            throw SegmentFooter.Damaged(segment.Id, $"it holds {footer.Sums.Rows} rows and {footer.Sums.Count} events, and says that it holds {segment.Rows} and {segment.Count}");
        var sums = new SegmentSums();
        foreach (var part in footer.Parts)
        {
            var bytes = opened.Part(part) ?? await ReadPart(opened.Known, part, cancellationToken) ?? throw new StaleWriterException(TableLayout.SegmentName(segment.Id));
            foreach (var day in await footer.Decode(part, bytes))
            {
                sums += day.Sums;
                yield return day;
            }
        }

        if (sums != footer.Sums) throw SegmentFooter.Damaged(segment.Id, $"it holds {sums.Rows} rows and {sums.Count} events, and its footer says {footer.Sums.Rows} and {footer.Sums.Count}");
    }

    public async ValueTask<IReadOnlyList<HourCells>> ReadDay(VideoId video, EventType type, DateOnly day, CancellationToken cancellationToken)
    {
        var id = new SegmentId(day, Group.Of(video));
        while (true)
        {
            var known = _footers.Find(id);
            var opened = known is null ? await Open(id, null, cancellationToken) : new Opened(known, null);
            if (opened is null) return [];
            var part = opened.Known.Footer.Find(video);
            if (part is null && (known is null || await Stands(known, cancellationToken))) return [];
            if (part is not null && (opened.Part(part) ?? await ReadPart(opened.Known, part, cancellationToken)) is { } bytes)
                return (await opened.Known.Footer.Decode(part, bytes)).FirstOrDefault(one => one.Video == video && one.Type == type)?.Hours ?? [];
            _footers.Forget(opened.Known); // It was replaced since.
        }
    }

    public async ValueTask Cool(SegmentId id, SegmentTier tier, CancellationToken cancellationToken) => await patience.Until(
        async _ =>
        {
            try
            {
                return await Blob(id).SetAccessTierAsync(tier is SegmentTier.Cool ? AccessTier.Cool : AccessTier.Cold, cancellationToken: cancellationToken);
            }
            catch (RequestFailedException gone) when (gone.Status is 404)
            {
                return null; // There is nothing to keep.
            }
        },
        cancellationToken);

    private async Task<(Segment Segment, string? Writer)?> Properties(SegmentId id, CancellationToken cancellationToken) => await patience.Until<(Segment, string?)?>(
        async _ =>
        {
            try
            {
                instruments.ReadSegment();
                var found = (await Blob(id).GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
                return (new Segment(id, found.ETag.ToString(), found.ContentLength, Number(id, found, RowsKey), Number(id, found, CountKey)), found.Metadata.TryGetValue(WriterKey, out var writer) ? writer : null);
            }
            catch (RequestFailedException gone) when (gone.Status is 404)
            {
                return null;
            }
        },
        cancellationToken);

    private static long Number(SegmentId id, BlobProperties found, string key) =>
        found.Metadata.TryGetValue(key, out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
            : throw SegmentFooter.Damaged(id, $"the blob's metadata '{key}' is missing, or no number");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A footer that nobody knew; with the whole segment, if that is small.</summary>
    /// <returns>Null if there is no segment, or not in this version.</returns>
    private async Task<Opened?> Open(SegmentId id, string? version, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await ReadRange(id, version, 0, FirstBytes, cancellationToken) is not { } first) return null;
            var (length, found) = (first.Length, first.Version);
            if (await LastOf(id, first, cancellationToken) is { } end && await FooterOf(id, end, cancellationToken) is { } bytes)
            {
                var known = new SegmentFooters.Known(id, found, await SegmentFooter.Read(id, length, bytes));
                _footers.Keep(known);
                return new(known, first.Bytes.Length == length ? first.Bytes : default(ReadOnlyMemory<byte>?));
            }

            if (version is not null) return null; // It was replaced between two reads; without a version asked for, the new one is as good.
        }
    }

    private async Task<Stretch?> LastOf(SegmentId id, Stretch first, CancellationToken cancellationToken)
    {
        if (first.Bytes.Length == first.Length) return first;
        var offset = Math.Max(0, first.Length - LastBytes);
        return await ReadRange(id, first.Version, offset, (int)(first.Length - offset), cancellationToken);
    }

    private async Task<ReadOnlyMemory<byte>?> FooterOf(SegmentId id, Stretch end, CancellationToken cancellationToken)
    {
        var bytes = SegmentFooter.LengthOf(id, end.Length, end.Bytes.Span);
        if (bytes <= end.Bytes.Length) return end.Bytes[^bytes..].ToArray(); // A copy: what is kept must not keep the rest.
        return (await ReadRange(id, end.Version, end.Length - bytes, bytes, cancellationToken))?.Bytes;
    }

    private async Task<ReadOnlyMemory<byte>?> ReadPart(SegmentFooters.Known known, SegmentPart part, CancellationToken cancellationToken) =>
        (await ReadRange(known.Id, known.Version, part.Offset, part.Length, cancellationToken))?.Bytes;

    private async Task<bool> Stands(SegmentFooters.Known known, CancellationToken cancellationToken) => await Find(known.Id, cancellationToken) is { } stands && stands.Version == known.Version;

    /// <returns>Null if there is no segment, or not in this version.</returns>
    private Task<Stretch?> ReadRange(SegmentId id, string? version, long offset, int bytes, CancellationToken cancellationToken) => patience.Until<Stretch?>(
        async _ =>
        {
            try
            {
                instruments.ReadSegment();
                var conditions = version is null ? null : new BlobRequestConditions { IfMatch = new ETag(version) };
                var read = (await Blob(id).DownloadContentAsync(new BlobDownloadOptions { Range = new(offset, bytes), Conditions = conditions }, cancellationToken)).Value;
                return new(read.Content.ToMemory(), LengthOf(id, read.Details.ContentRange), read.Details.ETag.ToString());
            }
            catch (RequestFailedException gone) when (gone.Status is 404 or 412)
            {
                return null;
            }
            catch (RequestFailedException outside) when (outside.Status is 416)
            {
                throw SegmentFooter.Damaged(id, "it is shorter than it says, or empty");
            }
        },
        cancellationToken);

    // As in "bytes 0-1023/146515".
    private static long LengthOf(SegmentId id, string? range) =>
        long.TryParse(range?[(range.LastIndexOf('/') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : throw SegmentFooter.Damaged(id, $"the service says that it is '{range}'");

    private BlobClient Blob(SegmentId id) => _container.GetBlobClient(TableLayout.SegmentName(id));

    /// <summary>Bytes of a segment, how long it is, and which version it is.</summary>
    private sealed record Stretch(ReadOnlyMemory<byte> Bytes, long Length, string Version);

    /// <summary>A footer, and all bytes if they came with it.</summary>
    private sealed record Opened(SegmentFooters.Known Known, ReadOnlyMemory<byte>? Whole)
    {
        public ReadOnlyMemory<byte>? Part(SegmentPart part) => Whole?.Slice((int)part.Offset, part.Length);
    }
}
