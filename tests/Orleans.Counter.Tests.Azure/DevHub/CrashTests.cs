using System.Buffers.Binary;
using System.Collections.Concurrent;
using Amqp;
using Amqp.Types;
using Xunit;
using static Orleans.Counter.Tests.Azure.Dev.HubClient;

namespace Orleans.Counter.Tests.Azure.Dev;

public sealed class CrashTests : IDisposable
{
    private const int Partitions = 2;
    private const int Kills = 10;
    private const int AcceptedPerRun = 3_000;
    private const int InFlight = 16;
    private const int EventBytes = 300;

    private readonly string _data = Directory.CreateTempSubdirectory("devhub-crash-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Every_accepted_event_survives_kill_9_under_load_in_order_and_without_a_gap()
    {
        var accepted = new ConcurrentBag<int>[] { [], [] };
        for (var run = 0; run < Kills; run++)
        {
            await using var hub = await DevHubProcess.Start(_data, "--hub", "counts:2");
            await SendUntilKilled(hub, run, accepted);
        }

        await using var last = await DevHubProcess.Start(_data, "--hub", "counts:2");
        await using var client = await HubClient.Open(last.Port);
        for (var partition = 0; partition < Partitions; partition++)
        {
            var told = (Map)(await client.Read("partition", "counts", $"{partition}")).Body;
            var count = (int)((long)told["last_enqueued_sequence_number"] + 1);
            var reader = await client.Reader("counts", partition);
            reader.SetCredit(200);
            var events = await Next(reader, count);

            Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), events.Select(Sequence));
            var ids = events.Select(one => BinaryPrimitives.ReadInt32LittleEndian((byte[])one.Body)).ToList();
            Assert.Empty(accepted[partition].Except(ids));
            Assert.Equal(ids.Order(), ids); // sent in this order, each once
            Assert.True(count >= Kills * AcceptedPerRun);
        }
    }

    [Fact]
    public async Task It_prints_one_line_when_it_serves_and_ends_cleanly_when_asked_to()
    {
        await using (var hub = await DevHubProcess.Start(_data, "--hub", "counts:2", "--hub", "others:1", "--key", "mine=a+b/c="))
        {
            Assert.Equal($"ready Endpoint=sb://localhost:{hub.Port};SharedAccessKeyName=mine;SharedAccessKey=a+b/c=;UseDevelopmentEmulator=true", hub.Ready);
            Assert.Equal((0, "", ""), await hub.Terminate());
        }

        await using var other = await DevHubProcess.Start(_data, "--hub", "counts:3");
        var (exitCode, _, errors) = await other.Ended();
        Assert.Equal(("", 1), (other.Ready, exitCode));
        Assert.Contains("has 2 partitions, and 3 were asked for", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_serves_one_process_at_a_time()
    {
        await using var hub = await DevHubProcess.Start(_data, "--hub", "counts:2");
        await using var second = await DevHubProcess.Start(_data, "--hub", "counts:2");
        var (exitCode, _, errors) = await second.Ended();
        Assert.Equal(1, exitCode);
        Assert.Contains("in use by another process", errors, StringComparison.Ordinal);
    }

    // Each partition gets numbers that rise, singly and in batches, until enough were accepted; then the process is killed with sends in flight.
    private static async Task SendUntilKilled(DevHubProcess hub, int run, ConcurrentBag<int>[] accepted)
    {
        await using var client = await HubClient.Open(hub.Port);
        var enough = new CountdownEvent[Partitions];
        var links = new SenderLink[Partitions];
        for (var partition = 0; partition < Partitions; partition++)
            (enough[partition], links[partition]) = (new CountdownEvent(AcceptedPerRun), await client.Sender($"counts/Partitions/{partition}"));
        var senders = Enumerable.Range(0, Partitions)
            .Select(partition => Task.Run(() => Send(links[partition], run, accepted[partition], enough[partition])))
            .ToList();

        foreach (var one in enough)
            await Task.Run(() => Assert.True(one.Wait(TimeSpan.FromSeconds(60))));
        await hub.Kill();
        await Task.WhenAll(senders);
    }

    private static async Task Send(SenderLink link, int run, ConcurrentBag<int> accepted, CountdownEvent enough)
    {
        using var room = new SemaphoreSlim(InFlight);
        var next = run * 100_000_000;
        while (!link.IsClosed)
        {
            await room.WaitAsync();
            var ids = Enumerable.Range(next, next % 3 == 0 ? 1 : 20).ToArray();
            next += ids.Length;
            var message = ids.Length == 1 ? Numbered(ids[0]) : Batch(ids.Select(Numbered));
            try
            {
                link.Send(message, OnOutcome, ids);
            }
            catch (AmqpException)
            {
                return; // killed
            }
        }

        void OnOutcome(ILink sender, Message message, Amqp.Framing.Outcome outcome, object state)
        {
            if (outcome is Amqp.Framing.Accepted)
            {
                foreach (var id in (int[])state)
                {
                    accepted.Add(id);
                    if (!enough.IsSet)
                        enough.Signal();
                }
            }

            room.Release();
        }
    }

    private static Message Numbered(int id)
    {
        var body = new byte[EventBytes];
        BinaryPrimitives.WriteInt32LittleEndian(body, id);
        return Event(body);
    }
}
