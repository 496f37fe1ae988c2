using Xunit;

namespace Orleans.Counter.Tests.Azure.River;

[Collection(nameof(RiverCollection))]
public sealed class ForeignHubTests
{
    [Fact]
    public async Task A_service_that_finds_another_hub_than_it_has_counted_from_does_not_start_and_says_what_to_do()
    {
        await using var counter = await LocalCounter.StartAsync(partitions: 2);
        Assert.Equal(0, await counter.StopAsync());
        Directory.Delete(Path.Combine(counter.Data, "hub"), recursive: true);

        Assert.Equal(1, await counter.GivesUpAsync());

        const string remedy = "Give the service the hub that it has counted from, or an empty storage.";
        Assert.Contains(remedy, counter.SiloLog(), StringComparison.Ordinal);
        Assert.Contains("silo1 ended before it was ready", counter.Output, StringComparison.Ordinal);
        Assert.Contains(remedy, counter.Output, StringComparison.Ordinal);
    }
}
