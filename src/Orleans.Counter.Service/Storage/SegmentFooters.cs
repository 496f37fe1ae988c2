namespace Orleans.Counter.Storage;

/// <summary>The footers of the segments that were read last, up to so many bytes: who has one reads a video with one request.</summary>
/// <remarks>A footer that is out of date does no harm: the read that it leads to names the version that it belongs to, and is refused.</remarks>
internal sealed class SegmentFooters(long bytesMax)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SegmentId, LinkedListNode<Known>> _known = [];
    private readonly LinkedList<Known> _byUse = [];
    private long _bytes;

    /// <summary>How many bytes are kept.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock) return _bytes;
        }
    }

    public Known? Find(SegmentId id)
    {
        lock (_lock)
        {
            if (!_known.TryGetValue(id, out var known)) return null;
            _byUse.Remove(known);
            _byUse.AddLast(known);
            return known.Value;
        }
    }

    public void Keep(Known known)
    {
        lock (_lock)
        {
            Remove(known.Id);
            _known[known.Id] = _byUse.AddLast(known);
            _bytes += known.Footer.Bytes;
            while (_bytes > bytesMax) Remove(_byUse.First!.Value.Id);
        }
    }

    public void Forget(Known known)
    {
        lock (_lock)
            if (_known.TryGetValue(known.Id, out var stands) && stands.Value == known) Remove(known.Id);
    }

    private void Remove(SegmentId id)
    {
        if (!_known.Remove(id, out var known)) return;
        _byUse.Remove(known);
        _bytes -= known.Value.Footer.Bytes;
    }

    /// <summary>A footer, and the version of the segment that it belongs to.</summary>
    internal sealed record Known(SegmentId Id, string Version, SegmentFooter Footer);
}
