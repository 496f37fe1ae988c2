using Xunit;

namespace Orleans.Counter.Tests.Azure.River;

/// <summary>Tests that run a whole service take the machine for themselves.</summary>
[CollectionDefinition(nameof(RiverCollection), DisableParallelization = true)]
public sealed class RiverCollection;
