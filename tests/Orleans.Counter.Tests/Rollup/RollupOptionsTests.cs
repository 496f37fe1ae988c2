using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Counter.Rollup;
using Xunit;

namespace Orleans.Counter.Tests.Rollup;

/// <summary>Options that do not fit together are refused before the service says that it is ready.</summary>
public sealed class RollupOptionsTests
{
    [Fact]
    public void Nothing_set_fits_together()
    {
        var options = Read();

        Assert.Equal((TimeSpan.FromDays(30), null, TimeSpan.FromHours(1)), (options.HotRetention, options.ColdAfter, options.Every));
    }

    [Fact]
    public void Rows_stay_until_their_day_is_surely_archived()
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => Read(("Rollup:HotRetention", "9.23:59:59")));
        Assert.Contains("with an Acceptance:Window of 7.00:00:00 it is at least 10.00:00:00", refusal.Message, StringComparison.Ordinal);
        Read(("Rollup:HotRetention", "10.00:00:00"));
        Read(("Acceptance:Window", "1.00:00:00"), ("Rollup:HotRetention", "4.00:00:00"));
        Assert.Throws<OptionsValidationException>(() => Read(("Acceptance:Window", "28.00:00:00")));
    }

    [Theory]
    [InlineData("Rollup:Every", "00:00:59")]
    [InlineData("Rollup:ColdAfter", "29.00:00:00")]
    [InlineData("Rollup:GroupsAtOnce", "17")]
    [InlineData("Rollup:HotRetention", "3651.00:00:00")]
    public void A_number_out_of_its_bounds_is_named(string name, string value)
    {
        var refusal = Assert.Throws<OptionsValidationException>(() => Read((name, value)));

        Assert.Contains(name.Split(':')[1], refusal.Message, StringComparison.Ordinal);
    }

    private static RollupOptions Read(params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>(setting.Name, setting.Value)));
        builder.AddAcceptance().AddRollup();
        using var host = builder.Build();
        return host.Services.GetRequiredService<IOptions<RollupOptions>>().Value;
    }
}
