using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.EventHubs;

public sealed class ConnectionStringTests
{
    private const string Key = "SECRET+abc/def==";
    private const string Cloud = $"Endpoint=sb://river.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={Key}";

    [Fact]
    public void A_namespace_in_the_cloud_is_TLS_on_5671()
    {
        var endpoint = EventHubConnectionOptions.FromConnectionString(Cloud, "frames").Endpoint;

        Assert.Equal(new HubEndpoint("river.servicebus.windows.net", null, UseTls: true, "frames"), endpoint);
        Assert.Equal(("amqps", 5671), (endpoint.Address.Scheme, endpoint.Address.Port));
        Assert.Equal("sb://river.servicebus.windows.net/frames", endpoint.Audience("frames"));
    }

    [Fact]
    public void The_emulator_is_plain_TCP_on_5672()
    {
        var options = EventHubConnectionOptions.FromConnectionString(
            $"Endpoint=sb://localhost;SharedAccessKeyName=Root;SharedAccessKey={Key};UseDevelopmentEmulator=true;EntityPath=frames;");

        Assert.Equal("frames", options.HubName);
        Assert.Equal(("amqp", 5672), (options.Endpoint.Address.Scheme, options.Endpoint.Address.Port));
    }

    [Theory]
    [InlineData("localhost:5673", "localhost")]
    [InlineData("[::1]:5673", "::1")]
    public void A_port_is_kept_in_address_and_audience(string authority, string host)
    {
        var endpoint = EventHubConnectionOptions.FromConnectionString(
            $"endpoint = sb://{authority}/ ; sharedaccesskeyname=Root; SharedAccessKey={Key}; UseDevelopmentEmulator=true", "frames").Endpoint;

        Assert.Equal((host, 5673), (endpoint.Address.Host, endpoint.Address.Port));
        Assert.Equal($"sb://{authority}/frames", endpoint.Audience("frames"));
    }

    [Fact]
    public void A_key_may_hold_equals_signs()
    {
        var options = EventHubConnectionOptions.FromConnectionString(Cloud, "frames");

        var token = ((SharedKeyTokens)options.Tokens).Sign("sb://x", DateTimeOffset.UnixEpoch);

        Assert.Equal(new SharedKeyTokens("Root", Key).Sign("sb://x", DateTimeOffset.UnixEpoch), token);
    }

    [Theory]
    [InlineData($"SharedAccessKeyName=Root;SharedAccessKey={Key};EntityPath=a", "Endpoint is missing")]
    [InlineData($"Endpoint=https://x/;SharedAccessKeyName=Root;SharedAccessKey={Key};EntityPath=a", "not an address of the form sb://")]
    [InlineData($"Endpoint=sb://x/hub;SharedAccessKeyName=Root;SharedAccessKey={Key};EntityPath=a", "not an address of the form sb://")]
    [InlineData($"Endpoint=sb://x/;SharedAccessKey={Key};EntityPath=a", "SharedAccessKeyName is missing")]
    [InlineData("Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=;EntityPath=a", "SharedAccessKey is missing")]
    [InlineData($"Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey={Key}", "No hub is named")]
    [InlineData($"Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey={Key};EntityPath=a;UseDevelopmentEmulator=yes", "must be true or false")]
    [InlineData($"Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey={Key};SharedAccessKey={Key};EntityPath=a", "given twice")]
    [InlineData($"Endpoint=sb://x/;{Key};SharedAccessKeyName=Root;EntityPath=a", "unknown name")]
    [InlineData("Endpoint=sb://x/;SECRET", "has no name")]
    [InlineData("", "Endpoint is missing")]
    public void A_mistake_is_named_with_its_remedy_and_without_the_key(string text, string expected)
    {
        var mistake = Assert.Throws<FormatException>(() => EventHubConnectionOptions.FromConnectionString(text));

        Assert.Contains(expected, mistake.Message, StringComparison.Ordinal);
        Assert.Contains("Expected Endpoint=sb://", mistake.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_different_hubs_are_refused()
    {
        var mistake = Assert.Throws<FormatException>(() => EventHubConnectionOptions.FromConnectionString($"{Cloud};EntityPath=a", "b"));

        Assert.Contains("EntityPath is 'a', but the hub asked for is 'b'", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Printed_options_do_not_show_the_key() =>
        Assert.DoesNotContain("SECRET", EventHubConnectionOptions.FromConnectionString(Cloud, "frames").ToString(), StringComparison.Ordinal);

    [Fact]
    public void A_timeout_out_of_range_is_refused()
    {
        var options = EventHubConnectionOptions.FromConnectionString(Cloud, "frames");

        Assert.Throws<ArgumentOutOfRangeException>(() => options with { OperationTimeout = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => options with { SilenceMax = TimeSpan.FromHours(1) });
    }
}
