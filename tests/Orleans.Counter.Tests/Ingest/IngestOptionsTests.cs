using Microsoft.Extensions.Options;
using Orleans.Counter.Ingest;
using Xunit;

namespace Orleans.Counter.Tests.Ingest;

public sealed class IngestOptionsTests
{
    [Fact]
    public void The_defaults_are_valid() => Assert.True(new IngestOptionsValidator().Validate(null, new()).Succeeded);

    [Fact]
    public async Task All_mistakes_are_reported_at_the_start()
    {
        var time = new WatchedTime();
        await using var hub = new MemoryHub(1, time);

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            IngestHost.Start(hub, time, ("Ingest:FramesInFlight", "0"), ("Ingest:Linger", "1.00:00:00"), ("Ingest:SendBudget", "00:00:00")));
        Assert.Equal(3, refused.Failures.Count());
    }

    [Fact]
    public async Task The_acceptance_window_can_be_moved()
    {
        await using var host = await IngestHost.Start(("Acceptance:Window", "1.00:00:00"));
        const string Events = """{"events":[{"videoId":"v","timestamp":"2026-11-22T12:00:00Z"},{"videoId":"v","timestamp":"2026-11-22T11:59:59Z"}]}""";

        (await host.PostEvents(Events)).IsAccepted(1, "1 too_old");
    }
}
