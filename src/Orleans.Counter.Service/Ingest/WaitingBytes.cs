namespace Orleans.Counter.Ingest;

/// <summary>The bytes of closed frames, of all partitions, that the hub has not answered yet.</summary>
internal sealed class WaitingBytes
{
    private long _bytes;

    public long Now => Interlocked.Read(ref _bytes);

    public void Add(int bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Remove(int bytes) => Interlocked.Add(ref _bytes, -bytes);
}
