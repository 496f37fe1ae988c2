using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Azure;
using Azure.Core;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Orleans.Counter.Dev.Capture;

/// <summary>Files as block blobs. Nothing is asked of the account before the first one.</summary>
internal sealed partial class BlobArchive : IArchive
{
    private readonly BlobContainerClient _container;
    private bool _isThere;

    /// <exception cref="ArgumentException">The connection string or the name of the container cannot be understood.</exception>
    public BlobArchive(CaptureOptions options)
    {
        if (!ContainerName().IsMatch(options.Container))
            throw new ArgumentException($"'{options.Container}' is not the name of a container: 3 to 63 small letters, digits and single '-' between them.");

        // Whoever calls tries again, and tells people meanwhile.
        var client = new BlobClientOptions { Retry = { MaxRetries = 1, NetworkTimeout = TimeSpan.FromSeconds(30), Mode = RetryMode.Fixed } };
        try
        {
            _container = new BlobServiceClient(options.ConnectionString, client).GetBlobContainerClient(options.Container);
        }
        catch (FormatException e)
        {
            throw new ArgumentException($"The connection string of the storage account for captured files cannot be understood: {e.Message}", e);
        }
    }

    public async Task Write(string name, IEnumerable<ReadOnlyMemory<byte>> parts, CancellationToken cancellationToken)
    {
        try
        {
            if (!_isThere)
                await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            _isThere = true;

            // Blocks are nothing to readers until the list is committed, and then the blob is these and no others.
            var blob = _container.GetBlockBlobClient(name);
            var blocks = new List<string>();
            foreach (var part in parts)
            {
                var block = Convert.ToBase64String(Encoding.ASCII.GetBytes(blocks.Count.ToString("D6", CultureInfo.InvariantCulture)));
                await blob.StageBlockAsync(block, BinaryData.FromBytes(part).ToStream(), cancellationToken: cancellationToken).ConfigureAwait(false);
                blocks.Add(block);
            }

            var headers = new BlobHttpHeaders { ContentType = "application/octet-stream" };
            await blob.CommitBlockListAsync(blocks, new CommitBlockListOptions { HttpHeaders = headers }, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException)
        {
            _isThere = false; // somebody may have removed it
            throw;
        }
    }

    [GeneratedRegex("^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex ContainerName();
}
