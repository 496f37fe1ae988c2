namespace Orleans.Counter.Tests; public sealed class PlaceholderTests { [Xunit.Fact] public void T() { } }
