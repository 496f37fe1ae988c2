using System.Text;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Orleans.Counter.Storage;

/// <summary>A blob that is written from its beginning to its end, and stands there all at once, or not at all. Holds a block of it in memory.</summary>
/// <remarks>Blocks that are never put together are forgotten by the service after a week, or with the next blob of this name.</remarks>
internal sealed class BlockUpload(BlockBlobClient blob, Patience patience, CancellationToken cancellationToken) : Stream
{
    private const int BlockBytes = 4 << 20;

    private readonly string _upload = Guid.NewGuid().ToString("n");
    private readonly List<string> _blocks = [];
    private readonly MemoryStream _block = new();
    private long _staged;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _staged + _block.Length;

    public override long Position
    {
        get => Length;
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => _block.Write(buffer, offset, count);

    public override void Write(ReadOnlySpan<byte> buffer) => _block.Write(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _block.Write(buffer.Span);
        if (_block.Length >= BlockBytes) await Stage();
    }

    /// <summary>Makes the blob of what was written. One request, unless it has several blocks.</summary>
    /// <exception cref="RequestFailedException">A condition does not hold; or a block is gone, because somebody else has put together a blob of this name.</exception>
    public async Task<BlobContentInfo> Finish(BlobHttpHeaders headers, IDictionary<string, string> metadata, BlobRequestConditions conditions)
    {
        if (_blocks.Count == 0)
            return await blob.UploadAsync(Written(), new BlobUploadOptions { HttpHeaders = headers, Metadata = metadata, Conditions = conditions }, cancellationToken);
        if (_block.Length > 0) await Stage();
        return await blob.CommitBlockListAsync(_blocks, new CommitBlockListOptions { HttpHeaders = headers, Metadata = metadata, Conditions = conditions }, cancellationToken);
    }

    public override void Flush()
    {
        // What is not a block yet waits for more.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async Task Stage()
    {
        var id = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{_upload}-{_blocks.Count:d6}"));
        await patience.Until(_ => blob.StageBlockAsync(id, Written(), cancellationToken: cancellationToken), cancellationToken);
        _blocks.Add(id);
        _staged += _block.Length;
        _block.SetLength(0);
    }

    private MemoryStream Written() => new(_block.GetBuffer(), 0, (int)_block.Length, writable: false);
}
