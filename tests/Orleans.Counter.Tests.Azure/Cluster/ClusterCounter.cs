using Orleans.Counter.Tests.Azure.River;

namespace Orleans.Counter.Tests.Azure.Cluster;

/// <summary>Three silos and four partitions for all tests of a class: one silo reads two of them. Each test leaves all three running.</summary>
public sealed class ClusterCounter() : RiverCounter(silos: 3);
