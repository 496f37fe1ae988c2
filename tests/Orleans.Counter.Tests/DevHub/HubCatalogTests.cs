using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Dev.Hubs;
using Xunit;

namespace Orleans.Counter.Tests.Dev;

public sealed class HubCatalogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devhub-catalog-").FullName;
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_hub_keeps_its_creation_time_between_runs()
    {
        var created = HubCatalog.Open(_folder).Declare("counts", 4, _clock);
        _clock.Advance(TimeSpan.FromDays(1));
        HubCatalog.Open(_folder).Declare("another", 2, _clock);

        Assert.Equal(created, HubCatalog.Open(_folder).Declare("Counts", 4, _clock));
        Assert.Equal(created + TimeSpan.FromDays(1), HubCatalog.Open(_folder).Declare("another", 2, _clock));
    }

    [Fact]
    public void Another_number_of_partitions_is_refused_with_the_remedy()
    {
        HubCatalog.Open(_folder).Declare("counts", 4, _clock);
        var refused = Assert.Throws<InvalidDataException>(() => HubCatalog.Open(_folder).Declare("counts", 8, _clock));
        Assert.Contains("has 4 partitions, and 8 were asked for", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ask for 4", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_without_its_entry_is_not_taken_for_a_new_hub()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "counts"));
        Assert.Throws<InvalidDataException>(() => HubCatalog.Open(_folder).Declare("counts", 4, _clock));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"version":2,"hubs":[]}""")]
    public void A_catalog_that_cannot_be_read_is_refused(string content)
    {
        File.WriteAllText(Path.Combine(_folder, "hubs.json"), content);
        Assert.Throws<InvalidDataException>(() => HubCatalog.Open(_folder));
    }
}
