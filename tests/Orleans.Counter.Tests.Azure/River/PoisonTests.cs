using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.Azure.River;

/// <summary>What stands in the log and cannot be counted: it is set aside with its bytes, and stops nothing.</summary>
[Collection(nameof(RiverCollection))]
public sealed class PoisonTests
{
    private const int Partitions = 2;
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Poison_is_kept_byte_for_byte_with_its_place_and_its_reason_and_what_follows_it_is_counted()
    {
        await using var counter = await LocalCounter.StartAsync(partitions: Partitions);
        var home = Shard.Of(Kittens).Partition(Partitions);
        byte[][] poison =
        [
            "no frame at all"u8.ToArray(),
            [],
            Frame(frame => frame.Version = 9),
            Frame(frame => frame.Videos[0] = "a video/with a slash"),
            Frame(frame => frame.Value[0] = double.NaN),
            Frame(frame => frame.Video[0] = 7),
        ];

        await using (var hub = new AmqpEventHub(
            EventHubConnectionOptions.FromConnectionString(counter.ConnectionString("devhub"), "events"), TimeProvider.System, NullLogger<AmqpEventHub>.Instance))
        {
            foreach (var bytes in poison) await hub.Send(Id(home), new(bytes, new Dictionary<string, object> { ["events"] = 1 }), Token);
            await hub.Send(Id(1 - home), new(Frame(_ => { }), new Dictionary<string, object> { ["events"] = 1 }), Token);
            await hub.Send(Id(home), new(Frame(_ => { }), new Dictionary<string, object> { ["events"] = 1 }), Token);
        }

        using var types = await counter.Http.PostAsJsonAsync("/v1/events", new { events = Enumerable.Range(0, 33).Select(type => new { videoId = "puppies", type = $"type{type}" }) }, Token);
        types.EnsureSuccessStatusCode();
        await Eventually.Answers(token => new Answers(counter.Silos).Count("kittens", "view", token), count => count == 1, Patience);
        var audit = await Eventually.Answers(
            async token => JsonNode.Parse(await counter.Http.GetStringAsync("/v1/audit", token))!, answer => Is(answer, "counted", 33) && Is(answer, "deadLettered", poison.Length + 2), Patience);
        Assert.True(Is(audit, "difference", 0) && Is(audit, "inFlight", 0) && Is(audit, "accepted", 33 + poison.Length + 2), audit.ToJsonString());

        var container = new BlobContainerClient(counter.ConnectionString("azurite"), "deadletters");
        for (var i = 0; i < poison.Length; i++) Assert.Equal(poison[i], (await Letter(container, home, i, "undecodable")).Content.ToArray());
        Assert.Contains("belongs", Detail(await Letter(container, 1 - home, 0, "undecodable")), StringComparison.Ordinal);
        Assert.Contains("version 9", Detail(await Letter(container, home, 2, "undecodable")), StringComparison.Ordinal);
        var tooMany = await container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, null, Token).SingleAsync(blob => blob.Name.Contains("-types-puppies-", StringComparison.Ordinal), Token);
        Assert.Equal("too_many_types", tooMany.Metadata["reason"]);
    }

    private static byte[] Frame(Action<Frame> spoil)
    {
        var frame = new Frame { Version = 1, Writer = 7, Number = (ulong)Random.Shared.NextInt64(1, long.MaxValue), BaseTime = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() };
        frame.Videos.Add(Kittens.Value);
        frame.Types_.Add("view");
        frame.Video.Add(0);
        frame.Valued.Add(0);
        frame.Value.Add(2);
        spoil(frame);
        return frame.ToByteArray();
    }

    private static async Task<BlobDownloadResult> Letter(BlobContainerClient container, int partition, long sequenceNumber, string reason)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{partition}/{Position.Of(0, sequenceNumber).Value:x16}");
        var letter = (await container.GetBlobClient(name).DownloadContentAsync(Token)).Value;
        Assert.Equal(reason, letter.Details.Metadata["reason"]);
        return letter;
    }

    private static string Detail(BlobDownloadResult letter) => Uri.UnescapeDataString(letter.Details.Metadata["detail"]);

    private static bool Is(JsonNode audit, string name, long count) => (long)audit[name]! == count;

    private static string Id(int partition) => partition.ToString(CultureInfo.InvariantCulture);
}
