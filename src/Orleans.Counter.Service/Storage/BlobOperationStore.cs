using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Storage;

/// <summary>Operations as blobs of the container <c>operations</c>, JSON, one for each.</summary>
internal sealed class BlobOperationStore(IOptions<StorageOptions> options, Patience patience) : IOperationStore
{
    private readonly BlobContainerClient _container = options.Value.Blobs().GetBlobContainerClient("operations");

    public Task Prepare(CancellationToken cancellationToken) => patience.Until(_ => _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken), cancellationToken);

    public async ValueTask<Versioned<ReadOnlyMemory<byte>>?> Read(string id, CancellationToken cancellationToken) => await patience.Until(
        async _ =>
        {
            try
            {
                var blob = (await Blob(id).DownloadContentAsync(cancellationToken)).Value;
                return new Versioned<ReadOnlyMemory<byte>>(blob.Content.ToMemory(), new(blob.Details.ETag.ToString()));
            }
            catch (RequestFailedException missing) when (missing.Status is 404)
            {
                return null;
            }
        },
        cancellationToken);

    public async ValueTask<RowVersion> Write(string id, ReadOnlyMemory<byte> known, RowVersion? version, CancellationToken cancellationToken)
    {
        var upload = new BlobUploadOptions
        {
            Conditions = version is { } stands ? new() { IfMatch = new ETag(stands.Value) } : new() { IfNoneMatch = ETag.All },
            HttpHeaders = new() { ContentType = "application/json" },
        };
        return await patience.Until(
            async _ =>
            {
                try
                {
                    return new RowVersion((await Blob(id).UploadAsync(new BinaryData(known), upload, cancellationToken)).Value.ETag.ToString());
                }
                catch (RequestFailedException conflict) when (conflict.Status is 404 or 409 or 412)
                {
                    throw new StaleWriterException(id);
                }
            },
            cancellationToken);
    }

    private BlobClient Blob(string id) => _container.GetBlobClient($"{id}.json");
}
