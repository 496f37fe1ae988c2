using System.Globalization;
using System.Text;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Azure.Storage;

public sealed class DeadLetterTests(Azurite azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dead_letter_is_a_blob_with_the_bytes_and_the_reason_beside_them()
    {
        var account = await azurite.NewAccount();
        var letters = await account.DeadLetters();

        await letters.Add(new("3/000000000000002a", "undecodable", "Schöne Grüße: a 'frame' of 100 %, it is not.\r\n", 17, new byte[] { 0, 1, 255 }), Token);

        var blob = account.Blobs.GetBlobContainerClient("deadletters").GetBlobClient("3/000000000000002a");
        var kept = (await blob.DownloadContentAsync(Token)).Value;
        Assert.Equal([0, 1, 255], kept.Content.ToArray());
        Assert.Equal(("undecodable", "17"), (kept.Details.Metadata["reason"], kept.Details.Metadata["events"]));
        Assert.Equal("Schöne Grüße: a 'frame' of 100 %, it is not.\r\n", Uri.UnescapeDataString(kept.Details.Metadata["detail"]));
    }

    [Fact]
    public async Task The_same_letter_again_is_the_same_letter()
    {
        var account = await azurite.NewAccount();
        var letters = await account.DeadLetters();

        await letters.Add(Letter("first"), Token);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => letters.Add(Letter($"again {number}"), Token).AsTask()));

        var container = account.Blobs.GetBlobContainerClient("deadletters");
        var names = new List<string>();
        await foreach (var blob in container.GetBlobsAsync(cancellationToken: Token)) names.Add(blob.Name);
        Assert.Equal(["0/0000000000000001-time"], names);
        Assert.Equal("first", (await container.GetBlobClient(names[0]).DownloadContentAsync(Token)).Value.Content.ToString());
    }

    [Fact]
    public async Task A_letter_with_nothing_in_it_and_the_longest_of_names_is_kept()
    {
        var account = await azurite.NewAccount();
        var (video, type) = (new string('-', VideoId.LengthMax), new string('z', EventType.LengthMax));
        var name = string.Create(CultureInfo.InvariantCulture, $"types/{video}/{long.MaxValue:x16}-{type}-{int.MaxValue}");

        await (await account.DeadLetters()).Add(new(name, "too_many_types", "", 0, ReadOnlyMemory<byte>.Empty), Token);

        var kept = await account.Blobs.GetBlobContainerClient("deadletters").GetBlobClient(name).DownloadContentAsync(Token);
        Assert.Empty(kept.Value.Content.ToArray());
        Assert.Equal("", kept.Value.Details.Metadata["detail"]);
    }

    private static DeadLetter Letter(string body) => new("0/0000000000000001-time", "out_of_time", "Older than 7 days.", 1, Encoding.UTF8.GetBytes(body));
}
