namespace Orleans.Counter;

/// <summary>Somebody else wrote the row since it was read: what the caller holds is out of date.</summary>
[GenerateSerializer, Alias("counter.stalewriter")]
internal sealed class StaleWriterException(string row)
    : Exception($"The row '{row}' was written by another activation since this one read it: this activation must forget what it holds.");
