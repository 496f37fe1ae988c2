using Azure;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Storage;

/// <summary>Sightings as blobs of the container <c>sightings</c>, one for each stretch.</summary>
internal sealed class BlobSightingStore(IOptions<StorageOptions> options, Patience patience) : ISightingStore
{
    private readonly BlobContainerClient _container = options.Value.Blobs().GetBlobContainerClient("sightings");

    public Task Prepare(CancellationToken cancellationToken) => patience.Until(_ => _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken), cancellationToken);

    public async ValueTask Write(SightingDelta delta, CancellationToken cancellationToken)
    {
        var bytes = new BinaryData(SightingCodec.Encode(delta));
        await patience.Until(_ => Blob(delta.Stretch).UploadAsync(bytes, overwrite: true, cancellationToken), cancellationToken);
    }

    public async ValueTask<IReadOnlyList<SightingStretch>> List(int partition, CancellationToken cancellationToken) => await patience.Until(
        async _ =>
        {
            List<SightingStretch> stretches = [];
            await foreach (var blob in _container.GetBlobsAsync(new() { Prefix = $"{partition}/" }, cancellationToken))
                if (SightingStretch.Parse(blob.Name) is { } stretch) stretches.Add(stretch);
            return stretches;
        },
        cancellationToken);

    public async ValueTask<SightingDelta?> Read(SightingStretch stretch, CancellationToken cancellationToken) => await patience.Until(
        async _ =>
        {
            try
            {
                var bytes = await Blob(stretch).DownloadContentAsync(cancellationToken);
                return SightingCodec.Decode(stretch, bytes.Value.Content);
            }
            catch (RequestFailedException gone) when (gone.Status is 404)
            {
                return null;
            }
        },
        cancellationToken);

    public async ValueTask Delete(SightingStretch stretch, CancellationToken cancellationToken) =>
        await patience.Until(_ => Blob(stretch).DeleteIfExistsAsync(cancellationToken: cancellationToken), cancellationToken);

    private BlobClient Blob(SightingStretch stretch) => _container.GetBlobClient(stretch.Name);
}
