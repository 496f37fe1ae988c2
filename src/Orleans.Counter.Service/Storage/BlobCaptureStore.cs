using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;
using Orleans.Counter.EventHubs;

namespace Orleans.Counter.Storage;

/// <summary>Captured files where Event Hubs Capture puts them.</summary>
internal sealed class BlobCaptureStore(IOptions<CaptureOptions> options, IOptions<StorageOptions> counts, Patience patience) : ICaptureStore
{
    private readonly BlobContainerClient? _container = options.Value.Files(counts.Value);

    public async ValueTask<IReadOnlyList<CaptureFile>> List(string hub, int partition, CancellationToken cancellationToken)
    {
        if (_container is null) return [];
        var names = new CaptureName(options.Value, hub, partition);
        return await patience.Until<IReadOnlyList<CaptureFile>>(
            async _ =>
            {
                List<CaptureFile> files = [];
                try
                {
                    await foreach (var blob in _container.GetBlobsAsync(new() { Prefix = names.Prefix }, cancellationToken))
                        if (names.TimeOf(blob.Name) is { } time) files.Add(new(blob.Name, time));
                }
                catch (RequestFailedException missing) when (missing.Status is 404)
                {
                    // Capture makes its container with the first file.
                }

                return [.. files.OrderBy(file => file.Time)];
            },
            cancellationToken);
    }

    public async IAsyncEnumerable<ReceivedEvent> Read(CaptureFile file, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var bytes = await patience.Until(_ => Open(file.Name, cancellationToken), cancellationToken);
        if (bytes is null) yield break;
        await foreach (var message in CapturedMessages.Read(file.Name, bytes, cancellationToken)) yield return message;
    }

    private async Task<Stream?> Open(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await _container!.GetBlobClient(name).OpenReadAsync(cancellationToken: cancellationToken);
        }
        catch (RequestFailedException missing) when (missing.Status is 404)
        {
            return null;
        }
    }
}
