using System.Globalization;
using Azure;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Options;

namespace Orleans.Counter.Storage;

/// <summary>Dead letters as blobs of the container <c>deadletters</c>: the bytes, with the reason as metadata.</summary>
internal sealed class BlobDeadLetterStore(IOptions<StorageOptions> options, Patience patience) : IDeadLetterStore
{
    private readonly Azure.Storage.Blobs.BlobContainerClient _container = options.Value.Blobs().GetBlobContainerClient("deadletters");

    public Task Prepare(CancellationToken cancellationToken) => patience.Until(_ => _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken), cancellationToken);

    public async ValueTask Add(DeadLetter letter, CancellationToken cancellationToken)
    {
        var upload = new BlobUploadOptions
        {
            Conditions = new() { IfNoneMatch = ETag.All }, // The letter that is there already may have been dealt with.
            Metadata = new Dictionary<string, string>
            {
                ["reason"] = letter.Reason,
                ["detail"] = Uri.EscapeDataString(letter.Detail), // Metadata are headers: ASCII only.
                ["events"] = letter.EventCount.ToString(CultureInfo.InvariantCulture),
            },
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
}
