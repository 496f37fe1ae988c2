using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Storage;

/// <summary>Dead letters as blobs of the container <c>deadletters</c>: the bytes, with the reason, and what became of them, as metadata.</summary>
internal sealed class BlobDeadLetterStore(IOptions<StorageOptions> options, Patience patience) : IDeadLetterStore, IDeadLetterBox
{
    private readonly BlobContainerClient _container = options.Value.Blobs().GetBlobContainerClient("deadletters");

    public Task Prepare(CancellationToken cancellationToken) => patience.Until(_ => _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken), cancellationToken);

    public async ValueTask Add(DeadLetter letter, CancellationToken cancellationToken)
    {
        var upload = new BlobUploadOptions
        {
            Conditions = new() { IfNoneMatch = ETag.All }, // The letter that is there already may have been dealt with.
            Metadata = Metadata(letter.Reason, letter.Detail, letter.EventCount),
        };
        await patience.Until(
            async _ =>
            {
                try
                {
                    return await _container.GetBlobClient(letter.Id).UploadAsync(new BinaryData(letter.Body), upload, cancellationToken);
                }
                catch (RequestFailedException stands) when (stands.Status is 409)
                {
                    return null;
                }
            },
            cancellationToken);
    }

    public async ValueTask<LetterPage?> List(string? cursor, int most, CancellationToken cancellationToken) => await patience.Until(
        async _ =>
        {
            var blobs = _container.GetBlobsAsync(new() { Traits = BlobTraits.Metadata }, cancellationToken);
            try
            {
                // A page may be empty although more come.
                await foreach (var page in blobs.AsPages(cursor, most))
                    if (page.Values.Count > 0) return new([.. page.Values.Select(Head)], string.IsNullOrEmpty(page.ContinuationToken) ? null : page.ContinuationToken);
                return new([], null);
            }
            catch (RequestFailedException refused) when (refused.Status is 400 && cursor is not null)
            {
                return default(LetterPage);
            }
        },
        cancellationToken);

    public async ValueTask<Versioned<KeptLetter>?> Read(string id, CancellationToken cancellationToken) => await patience.Until(
        async _ =>
        {
            try
            {
                var blob = (await _container.GetBlobClient(id).DownloadContentAsync(cancellationToken)).Value;
                var head = Head(id, blob.Details.Metadata, blob.Details.ContentLength, blob.Details.CreatedOn);
                return new Versioned<KeptLetter>(new(head, blob.Content.ToMemory()), new(blob.Details.ETag.ToString()));
            }
            catch (RequestFailedException missing) when (missing.Status is 404)
            {
                return null;
            }
        },
        cancellationToken);

    public async ValueTask<RowVersion> Mark(KeptLetter letter, LetterReplay replay, RowVersion version, CancellationToken cancellationToken)
    {
        var (head, mark) = (letter.Head, Guid.NewGuid().ToString("N"));
        var metadata = Metadata(head.Reason, head.Detail, head.EventCount);
        metadata["mark"] = mark;
        if (replay.BegunAt is { } begun) metadata["replaybegun"] = Text(begun);
        if (replay.DoneAt is { } done) metadata["replayed"] = Text(done);
        var blob = _container.GetBlobClient(head.Id);
        return await patience.Until(
            async _ =>
            {
                try
                {
                    var marked = await blob.SetMetadataAsync(metadata, new() { IfMatch = new ETag(version.Value) }, cancellationToken);
                    return new RowVersion(marked.Value.ETag.ToString());
                }
                catch (RequestFailedException conflict) when (conflict.Status is 404 or 412)
                {
                    // An attempt before this one, whose answer was lost, has written this very mark; anything else is somebody else's.
                    return await Stands(blob, cancellationToken) is { } stands && stands.Metadata.TryGetValue("mark", out var standing) && standing == mark
                        ? new RowVersion(stands.ETag.ToString())
                        : throw new StaleWriterException(head.Id);
                }
            },
            cancellationToken);
    }

    public async ValueTask<bool> Delete(string id, CancellationToken cancellationToken) =>
        await patience.Until(async _ => (await _container.GetBlobClient(id).DeleteIfExistsAsync(cancellationToken: cancellationToken)).Value, cancellationToken);

    private static async Task<BlobProperties?> Stands(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            return (await blob.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
        }
        catch (RequestFailedException missing) when (missing.Status is 404)
        {
            return null;
        }
    }

    private static Dictionary<string, string> Metadata(string reason, string detail, long events) => new()
    {
        ["reason"] = reason,
        ["detail"] = Uri.EscapeDataString(detail), // Metadata are headers: ASCII only.
        ["events"] = events.ToString(CultureInfo.InvariantCulture),
    };

    private static LetterHead Head(BlobItem blob) => Head(blob.Name, blob.Metadata, blob.Properties.ContentLength ?? 0, blob.Properties.CreatedOn ?? default);

    // A blob that somebody else has put there has none of this.
    private static LetterHead Head(string id, IDictionary<string, string> metadata, long bytes, DateTimeOffset addedAt) => new(
        id, metadata.TryGetValue("reason", out var reason) ? reason : "", metadata.TryGetValue("detail", out var detail) ? Uri.UnescapeDataString(detail) : "",
        metadata.TryGetValue("events", out var events) && long.TryParse(events, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0,
        bytes, addedAt, new(Time(metadata, "replaybegun"), Time(metadata, "replayed")));

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Time(IDictionary<string, string> metadata, string name) =>
        metadata.TryGetValue(name, out var text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) ? time : null;
}
