using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Dev;

/// <summary>Publishers that send again what was not answered, while DevHub is killed under them.</summary>
public sealed class ResendTests : IDisposable
{
    private const int Kills = 10;
    private const int Partitions = 2;
    private const int PublishersPerPartition = 3;

    private readonly string _data = Directory.CreateTempSubdirectory("devhub-resend-").FullName;
    private readonly ConcurrentDictionary<string, bool> _accepted = new();
    private readonly ConcurrentDictionary<string, int> _tries = new();
    private readonly SemaphoreSlim _more = new(0);
    private readonly Random _chance = new(20261124);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _more.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Nothing_accepted_is_lost_over_ten_kills_there_is_no_gap_and_only_what_was_sent_again_is_there_again()
    {
        var hub = await DevHubProcess.Start(_data, "--hub", "counts:2");
        await using var client = new AmqpEventHub(EventHubConnectionOptions.FromConnectionString(hub.ConnectionString, "counts"), TimeProvider.System, NullLogger<AmqpEventHub>.Instance);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var publishers = Enumerable.Range(0, Partitions * PublishersPerPartition).Select(number => Publish(client, number, enough.Token)).ToList();
        for (var kill = 0; kill < Kills; kill++)
        {
            // At any moment: so many more events are accepted, and then it is killed with others under way.
            await More(_chance.Next(50, 2_000));
            var port = hub.Port;
            await hub.DisposeAsync();
            hub = await DevHubProcess.StartAt(port, _data, "--hub", "counts:2");
        }

        await More(200);
        await enough.CancelAsync();
        await Task.WhenAll(publishers);

        var found = new Dictionary<string, int>();
        for (var partition = 0; partition < Partitions; partition++)
        {
            var properties = await client.GetPartitionProperties($"{partition}", Stop);
            await using var reader = client.OpenReader($"{partition}", EventPosition.Earliest, ownerLevel: null);
            for (var next = 0L; next <= properties.LastSequenceNumber;)
            {
                foreach (var received in await reader.Receive(1_000, Stop))
                {
                    Assert.Equal(next++, received.SequenceNumber);
                    var id = Encoding.ASCII.GetString(received.Body.Span);
                    Assert.Equal(partition, int.Parse(id.Split('/')[0], CultureInfo.InvariantCulture) % Partitions);
                    found[id] = found.GetValueOrDefault(id) + 1;
                }
            }
        }

        await hub.DisposeAsync();
        Assert.Empty(_accepted.Keys.Except(found.Keys));
        Assert.Empty(found.Keys.Except(_tries.Keys));
        Assert.All(found, one => Assert.InRange(one.Value, 1, _tries[one.Key]));
        Assert.Contains(_tries.Values, tries => tries > 1);
    }

    // So many more events are accepted.
    private async Task More(int count)
    {
        for (var i = 0; i < count; i++) Assert.True(await _more.WaitAsync(TimeSpan.FromMinutes(1), Stop));
    }

    // An event after the other, many at once, each until it is accepted.
    private Task Publish(AmqpEventHub client, int number, CancellationToken enough) => Task.WhenAll(Enumerable.Range(0, 8).Select(async lane =>
    {
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            var id = $"{number}/{lane}/{i}";
            while (true)
            {
                _tries.AddOrUpdate(id, 1, (_, tries) => tries + 1);
                try
                {
                    await client.Send($"{number % Partitions}", new(Encoding.ASCII.GetBytes(id)), CancellationToken.None);
                    _accepted[id] = true;
                    _more.Release();
                    break;
                }
                catch (EventHubsException failure) when (failure.IsTransient)
                {
                    await Task.Delay(20, Stop); // It is being started again.
                }
            }
        }
    }));
}
