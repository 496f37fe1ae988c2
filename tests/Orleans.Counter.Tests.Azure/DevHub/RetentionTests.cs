using Amqp.Types;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Dev;
using Xunit;
using static Orleans.Counter.Tests.Azure.Dev.HubClient;

namespace Orleans.Counter.Tests.Azure.Dev;

public sealed class RetentionTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _data = Directory.CreateTempSubdirectory("devhub-retention-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Theory]
    [InlineData("--retention-mb", "7")]
    [InlineData("--retention-hours", "0")]
    [InlineData("--retention-hours", "1e12")]
    public async Task Bounds_that_make_no_sense_are_refused_at_the_start(string option, string value)
    {
        await using var hub = await DevHubProcess.Start(_data, "--hub", "counts:1", option, value);
        var (exitCode, _, errors) = await hub.Ended();
        Assert.Equal((1, ""), (exitCode, hub.Ready));
        Assert.StartsWith("Retention must be", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clients_see_where_the_partition_begins_and_old_positions_are_its_oldest_event()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var options = new DevHubOptions { Port = 0, DataDirectory = _data, TimeProvider = time, Retention = TimeSpan.FromDays(1), LogFileBytesMax = 200_000 };
        options.Hubs.Add("counts", 1);
        await using var hub = await DevHub.StartAsync(options, TestContext.Current.CancellationToken);
        await using var client = await HubClient.Open(hub.Port);
        var sender = await client.Sender("counts/Partitions/0");
        await Send(1);
        var slow = await client.Reader("counts", 0);
        slow.SetCredit(1, Amqp.CreditMode.Manual);
        Assert.Equal(0, Sequence(await Next(slow)));

        // More than is kept in memory, so that the slow reader stands in a file. A file holds two events; the last one before the pause ends when it is over.
        await Send(99);
        time.Advance(TimeSpan.FromDays(2));
        await Send(1);
        time.Advance(TimeSpan.FromMinutes(1));
        const long begin = 98;
        await Eventually.Answers(_ => Begin(), answer => answer == begin);

        slow.SetCredit(1, Amqp.CreditMode.Manual);
        Assert.Equal(begin, Sequence(await Next(slow)));
        foreach (var selector in new[]
        {
            null, "amqp.annotation.x-opt-offset > '-1'", "amqp.annotation.x-opt-offset > '0'", "amqp.annotation.x-opt-sequence-number > '5'",
            "amqp.annotation.x-opt-enqueued-time > '0'",
        })
        {
            var reader = await client.Reader("counts", 0, selector);
            reader.SetCredit(1, Amqp.CreditMode.Manual);
            Assert.Equal(begin, Sequence(await Next(reader)));
            await reader.CloseAsync();
        }

        async Task Send(int count) => await Task.WhenAll(Enumerable.Range(0, count).Select(_ => sender.SendAsync(Event(new byte[90_000]), Patience)));

        async Task<long> Begin() => (long)((Map)(await client.Read("partition", "counts", "0")).Body)["begin_sequence_number"];
    }
}
