namespace Orleans.Counter.Tests.Azure; public sealed class PlaceholderTests { [Xunit.Fact] public void T() { } }
