namespace Orleans.Counter.Dev.Protocol;

/// <summary>Names that the service puts on events.</summary>
internal static class Annotations
{
    public static ReadOnlySpan<byte> SequenceNumber => "x-opt-sequence-number"u8;

    public static ReadOnlySpan<byte> Offset => "x-opt-offset"u8;

    public static ReadOnlySpan<byte> EnqueuedTime => "x-opt-enqueued-time"u8;

    public static ReadOnlySpan<byte> PartitionKey => "x-opt-partition-key"u8;
}
