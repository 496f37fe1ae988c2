using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Orleans.Counter.Tests;

public sealed class ClockTests
{
    [Fact]
    public void Nothing_set_is_the_clock_of_the_machine() => Assert.Same(TimeProvider.System, ClockOf(null));

    [Theory]
    [InlineData("00:05:00", 5)]
    [InlineData("-00:02:30", -2.5)]
    public void A_process_may_be_ahead_of_its_machine_or_behind_it(string ahead, double minutes)
    {
        var clock = ClockOf(ahead);

        Assert.InRange((clock.GetUtcNow() - DateTimeOffset.UtcNow).TotalMinutes, minutes - 0.5, minutes + 0.5);
    }

    [Theory]
    [InlineData("00:10:01")]
    [InlineData("-01:00:00")]
    public void More_than_ten_minutes_are_refused(string ahead) => Assert.Throws<ValidationException>(() => ClockOf(ahead));

    private static TimeProvider ClockOf(string? ahead)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["Clock:Ahead"] = ahead;
        builder.AddClock();
        using var services = builder.Services.BuildServiceProvider();
        return services.GetRequiredService<TimeProvider>();
    }
}
