using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Amqp;
using Microsoft.Extensions.Time.Testing;
using Orleans.Counter.Dev;
using Orleans.Counter.Tests.Azure.Storage;
using Orleans.Counter.Tests.Dev;
using Xunit;
using static Orleans.Counter.Tests.Azure.Dev.HubClient;

namespace Orleans.Counter.Tests.Azure.Dev;

public sealed class CaptureTests(Azurite azurite) : IDisposable
{
    private const string Container = "captured";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _data = Directory.CreateTempSubdirectory("devhub-capture-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Every_event_comes_into_storage_when_its_window_has_ended()
    {
        var account = await azurite.NewAccount();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 12, 0, 30, TimeSpan.Zero));
        await using var hub = await DevHub.StartAsync(Options(account, time), TestContext.Current.CancellationToken);
        await using var client = await HubClient.Open(hub.Port);
        var sender = await client.Sender("counts/Partitions/1");
        for (var i = 0; i < 50; i++)
            await sender.SendAsync(Numbered(i), Patience);

        Assert.Empty(await Files(account));
        time.Advance(TimeSpan.FromMinutes(5));
        var files = await Eventually.Answers(_ => Files(account), files => files.Count == 2);

        Assert.Equal(
            ["devhub/counts/0/2026/11/23/12/00/30.avro", "devhub/counts/1/2026/11/23/12/00/30.avro"], files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(0, 50), files["devhub/counts/1/2026/11/23/12/00/30.avro"].Select(Number));
        Assert.Empty(files["devhub/counts/0/2026/11/23/12/00/30.avro"]);
    }

    [Fact]
    public async Task Every_accepted_event_is_in_exactly_one_file_over_kill_9_and_restarts()
    {
        var account = await azurite.NewAccount();
        var accepted = new ConcurrentBag<int>();
        for (var run = 0; run < 3; run++)
        {
            await using var hub = await DevHubProcess.Start(
                _data, "--hub", "counts:2", "--retention-mb", "16", "--capture-storage", account.ConnectionString, "--capture-container", Container,
                "--capture-mb", "10", "--capture-minutes", "1", "--capture-skip-empty");
            await using var client = await HubClient.Open(hub.Port);
            var sending = Send(await client.Sender("counts/Partitions/0"), run * 1_000_000, accepted);
            var filesBefore = (await Names(account)).Count;
            await Eventually.Answers(_ => Names(account), names => names.Count >= filesBefore + 2);
            await hub.Kill();
            await sending;
        }

        // An hour later, the last windows have ended.
        var options = Options(account, new FakeTimeProvider(DateTimeOffset.UtcNow.AddHours(1)));
        options.Capture!.SkipEmptyArchives = true;
        await using var last = await DevHub.StartAsync(options, TestContext.Current.CancellationToken);
        await using var reader = await HubClient.Open(last.Port);
        var told = (Amqp.Types.Map)(await reader.Read("partition", "counts", "0")).Body;
        var count = (long)told["last_enqueued_sequence_number"] + 1;
        Assert.True((long)told["begin_sequence_number"] > 0); // retention did not wait
        await Eventually.Answers(_ => Captured(), total => total == count);

        var events = (await Files(account)).OrderBy(file => file.Key, StringComparer.Ordinal).SelectMany(file => file.Value).ToList();
        Assert.Equal(Enumerable.Range(0, (int)count).Select(i => (long)i), events.Select(one => one.Sequence));
        Assert.Empty(accepted.Except(events.Select(Number)));
        Assert.True(accepted.Count > 1_000);

        async Task<long> Captured() => (await Files(account)).Sum(file => file.Value.Count);
    }

    [Fact]
    public async Task Storage_that_is_away_stops_nobody_and_gets_everything_when_it_is_back()
    {
        var account = await azurite.NewAccount();
        await using var road = new GoodRoad(account with { TablePort = account.BlobPort });
        await road.Open();
        var byRoad = account with { BlobPort = road.Account.TablePort };
        await road.Close();

        var options = Options(byRoad, TimeProvider.System);
        options.ControlPort = 0;
        options.Capture!.SkipEmptyArchives = true;
        options.Capture.Window = TimeSpan.FromSeconds(1);
        await using var hub = await DevHub.StartAsync(options, TestContext.Current.CancellationToken);
        await using var client = await HubClient.Open(hub.Port);
        var sender = await client.Sender("counts/Partitions/0");
        await sender.SendAsync(Numbered(0), Patience);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{hub.ControlPort}") };
        var waiting = await Eventually.Answers(Health, health => health.TryGetProperty("captureWaits", out _));
        Assert.Equal("healthy", waiting.GetProperty("status").GetString());
        Assert.StartsWith("counts/0: ", waiting.GetProperty("captureWaits")[0].GetString(), StringComparison.Ordinal);
        for (var i = 1; i < 20; i++)
            await sender.SendAsync(Numbered(i), Patience);

        await road.Open();
        await Eventually.Answers(_ => Files(account), files => files.Sum(file => file.Value.Count) == 20);
        await Eventually.Answers(Health, health => !health.TryGetProperty("captureWaits", out _));

        async Task<JsonElement> Health(CancellationToken cancellationToken) => await http.GetFromJsonAsync<JsonElement>("/health", cancellationToken);
    }

    [Fact]
    public async Task A_file_of_hundreds_of_megabytes_costs_the_memory_of_a_few()
    {
        const int Events = 12_500; // 250 MB
        var account = await azurite.NewAccount();
        await using (var hub = await DevHubProcess.Start(_data, "--hub", "counts:1"))
        {
            await using var client = await HubClient.Open(hub.Port);
            var sender = await client.Sender("counts/Partitions/0");
            for (var i = 0; i < Events; i += 100)
                await Task.WhenAll(Enumerable.Range(i, 100).Select(id => sender.SendAsync(Numbered(id, 20_000), Patience)));
        }

        await using var capturing = await DevHubProcess.Start(
            _data, "--hub", "counts:1", "--capture-storage", account.ConnectionString, "--capture-container", Container, "--capture-mb", "200");
        var memory = 0L;
        await Eventually.Answers(_ => Watch(), names => names.Count == 1);
        TestContext.Current.TestOutputHelper?.WriteLine($"At most {memory / 1_000_000} MB while 200 MB were captured");
        Assert.InRange(memory, 1, 180_000_000);

        async Task<List<string>> Watch()
        {
            memory = Math.Max(memory, capturing.WorkingSet);
            return await Names(account);
        }
    }

    [Theory]
    [InlineData("1 to 15", "--capture-minutes", "20")]
    [InlineData("10 to 500", "--capture-mb", "501")]
    [InlineData("{Second}", "--capture-name", "{Namespace}/{EventHub}/{PartitionId}/{Year}/{Month}/{Day}/{Hour}/{Minute}")]
    [InlineData("name of a container", "--capture-container", "No_Container")]
    [InlineData("connection string", "--capture-storage", "nonsense")]
    public async Task What_the_service_would_not_take_is_refused_at_the_start(string text, string option, string value)
    {
        List<string> arguments = ["--hub", "counts:1", option, value];
        if (option != "--capture-storage")
            arguments.AddRange(["--capture-storage", "UseDevelopmentStorage=true"]);
        await using var hub = await DevHubProcess.Start(_data, [.. arguments]);
        var (exitCode, _, errors) = await hub.Ended();
        Assert.Equal((1, ""), (exitCode, hub.Ready));
        Assert.Contains(text, errors, StringComparison.Ordinal);
    }

    private DevHubOptions Options(StorageAccount account, TimeProvider time)
    {
        var options = new DevHubOptions
        {
            Port = 0,
            DataDirectory = _data,
            TimeProvider = time,
            Capture = new CaptureOptions { ConnectionString = account.ConnectionString, Container = Container },
        };
        options.Hubs.Add("counts", 2);
        return options;
    }

    private static async Task<List<string>> Names(StorageAccount account)
    {
        var container = account.Blobs.GetBlobContainerClient(Container);
        var names = new List<string>();
        if (await container.ExistsAsync())
        {
            await foreach (var blob in container.GetBlobsAsync())
                names.Add(blob.Name);
        }

        return names;
    }

    private static async Task<Dictionary<string, IReadOnlyList<CapturedEvent>>> Files(StorageAccount account)
    {
        var files = new Dictionary<string, IReadOnlyList<CapturedEvent>>();
        foreach (var name in await Names(account))
        {
            var content = await account.Blobs.GetBlobContainerClient(Container).GetBlobClient(name).DownloadContentAsync();
            files.Add(name, CapturedEvent.Read(content.Value.Content.ToArray()).Events);
        }

        return files;
    }

    private static async Task Send(SenderLink link, int first, ConcurrentBag<int> accepted)
    {
        using var room = new SemaphoreSlim(64);
        for (var next = first; !link.IsClosed; next++)
        {
            await room.WaitAsync();
            try
            {
                link.Send(Numbered(next, 20_000), OnOutcome, next);
            }
            catch (AmqpException)
            {
                return; // killed
            }
        }

        void OnOutcome(ILink sender, Message message, Amqp.Framing.Outcome outcome, object state)
        {
            if (outcome is Amqp.Framing.Accepted)
                accepted.Add((int)state);
            room.Release();
        }
    }

    private static Message Numbered(int id, int bytes = 100)
    {
        var body = new byte[bytes];
        BinaryPrimitives.WriteInt32LittleEndian(body, id);
        return Event(body);
    }

    private static int Number(CapturedEvent one) => BinaryPrimitives.ReadInt32LittleEndian(one.Body);
}
