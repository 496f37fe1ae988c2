namespace Orleans.Counter.Rollup;

/// <summary>What was read back is not what was written: a group stops, and says so at every run, until somebody has looked.</summary>
internal sealed class RollupException(string what) : Exception(what);
