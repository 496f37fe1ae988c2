using Microsoft.Extensions.Configuration;
using Xunit;

namespace Orleans.Counter.Tests;

public sealed class EventHubSettingsTests
{
    [Theory]
    [InlineData(null, null, "views", "EventHubs:ConnectionString")]
    [InlineData("Endpoint=sb://x/", null, null, "EventHubs:Name")]
    [InlineData(null, "x.example", null, "EventHubs:Name")]
    [InlineData("Endpoint=sb://x/", "x.example", "views", "only one")]
    public void A_missing_or_contradicting_setting_is_named(string? connectionString, string? fullyQualifiedNamespace, string? name, string named)
    {
        var refused = Assert.Throws<InvalidOperationException>(() => Read(connectionString, fullyQualifiedNamespace, name));

        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Endpoint=sb://x/;EntityPath=views", null, null)]
    [InlineData("Endpoint=sb://x/", null, "views")]
    [InlineData(null, "x.example", "views")]
    public void One_way_to_the_hub_is_enough(string? connectionString, string? fullyQualifiedNamespace, string? name) =>
        Assert.Equal(new(connectionString, fullyQualifiedNamespace, name, null), Read(connectionString, fullyQualifiedNamespace, name));

    private static EventHubSettings Read(string? connectionString, string? fullyQualifiedNamespace, string? name) =>
        EventHubSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["EventHubs:ConnectionString"] = connectionString,
            ["EventHubs:FullyQualifiedNamespace"] = fullyQualifiedNamespace,
            ["EventHubs:Name"] = name,
        }).Build());
}
