namespace Orleans.Counter.Benchmarks;

/// <summary>The service did not do what it promises, so there is no figure.</summary>
internal sealed class BenchmarkFailedException(string message) : Exception(message);
