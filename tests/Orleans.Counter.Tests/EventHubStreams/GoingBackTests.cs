using Orleans.Counter.EventHubs;
using Xunit;

namespace Orleans.Counter.Tests.EventHubStreams;

/// <summary>That a stream's consumer can go back, by losing its memory and resuming where it has stored: the part of streaming that everything else stands on.</summary>
public sealed class GoingBackTests
{
    [Fact]
    public async Task Every_stream_hears_its_part_of_every_message_once_and_in_order()
    {
        await using var cluster = await LettersCluster.Start();
        foreach (var word in Words(200)) cluster.Say(word);

        await cluster.Hear();

        foreach (var (letter, listening) in cluster.Listening) Assert.Equal(cluster.Said(letter), listening.Taken);
    }

    [Fact]
    public async Task A_consumer_that_goes_back_hears_again_what_it_has_not_stored_and_the_others_hear_nothing_twice()
    {
        await using var cluster = await LettersCluster.Start();
        foreach (var word in Words(50)) cluster.Say(word);
        await cluster.Hear();
        var once = true;
        cluster.Listening['a'].Stored = 20;
        cluster.Listening['a'].Reacts = range => once && range.Items.Count > 0 && !(once = false) ? throw new InvalidOperationException("Lost my memory.") : Task.CompletedTask;

        foreach (var word in Words(50)) cluster.Say(word);
        await cluster.Hear();

        var heard = cluster.Said('a').Take(..50).Concat(cluster.Said('a').SkipWhile(item => Number(item) <= 20));
        Assert.Equal(heard.Order(), cluster.Listening['a'].Taken.Order());
        foreach (var letter in "bcd") Assert.Equal(cluster.Said(letter), cluster.Listening[letter].Taken);
        Assert.All(cluster.Listening.Values, listening => Assert.Equal(0, listening.Gaps));
    }

    [Fact]
    public async Task A_consumer_that_lost_its_memory_in_a_silent_night_hears_its_tail_again_without_any_new_event()
    {
        await using var cluster = await LettersCluster.Start();
        foreach (var word in Words(30)) cluster.Say(word);
        await cluster.Hear();
        cluster.Listening['b'].Stored = 10;

        await cluster.Forget('b');

        var tail = cluster.Said('b').Where(item => Number(item) > 10).ToList();
        var listening = cluster.Listening['b'];
        await listening.Until(one => one.Taken.Count == 30 + tail.Count);
        Assert.Equal(tail, listening.Taken.Skip(30));
    }

    [Fact]
    public async Task All_consumers_that_go_back_at_once_hear_everything_that_they_have_not_stored()
    {
        await using var cluster = await LettersCluster.Start("abcdefghijklmnop");
        string[] words = ["abcdefghijklmnop", "aceg", "ponm", "hk"];
        for (var i = 0; i < 100; i++) cluster.Say(words[i % words.Length]);
        await cluster.Hear();
        foreach (var listening in cluster.Listening.Values) listening.Stored = Random.Shared.Next(0, 90);

        await Task.WhenAll(cluster.Listening.Keys.Select(cluster.Forget));
        for (var i = 0; i < 20; i++) cluster.Say(words[i % words.Length]);
        await cluster.Hear();

        foreach (var (letter, listening) in cluster.Listening)
            Assert.Equal(cluster.Said(letter).Where(item => Number(item) > listening.Stored), listening.Taken.TakeLast(cluster.Said(letter).Count(item => Number(item) > listening.Stored)));
    }

    [Fact]
    public async Task A_stuck_consumer_stops_nobody_and_hears_everything_later()
    {
        var gate = new TaskCompletionSource();
        await using var cluster = await LettersCluster.Start(bytesMax: 1 << 16);
        cluster.Say("abcd");
        await cluster.Hear();
        cluster.Listening['c'].Reacts = range => range.Items.Count > 0 ? gate.Task : Task.CompletedTask;

        foreach (var word in Words(1000)) cluster.Say(word); // Ten times what one stream may hold.
        var last = cluster.Hub.Log("0").Count - 1;
        foreach (var letter in "abd") await cluster.Listening[letter].Until(one => one.Told >= last);
        Assert.Single(cluster.Listening['c'].Taken);
        gate.SetResult();
        await cluster.Hear();

        foreach (var (letter, listening) in cluster.Listening) Assert.Equal(cluster.Said(letter), listening.Taken);
    }

    [Fact]
    public async Task A_reader_that_was_robbed_of_its_partition_comes_back_and_skips_nothing()
    {
        await using var cluster = await LettersCluster.Start();
        cluster.Say("abcd");
        await cluster.Hear();

        await using (var thief = cluster.Hub.OpenReader("0", EventPosition.Earliest, ownerLevel: long.MaxValue))
        {
            await thief.Receive(1, TestContext.Current.CancellationToken);
            foreach (var word in Words(20)) cluster.Say(word);
        }

        await cluster.Hear();

        foreach (var (letter, listening) in cluster.Listening) Assert.Equal(cluster.Said(letter), listening.Taken);
    }

    [Fact]
    public async Task A_reader_that_knows_less_of_the_cluster_is_refused()
    {
        await using var cluster = await LettersCluster.Start();
        cluster.Say("abcd");
        await cluster.Hear();

        await using var zombie = cluster.Hub.OpenReader("0", EventPosition.Earliest, ownerLevel: 0);
        var refusal = await Assert.ThrowsAsync<EventHubsException>(() => zombie.Receive(1, TestContext.Current.CancellationToken).AsTask());

        Assert.Equal(EventHubsFailure.ConsumerDisconnected, refusal.Failure);
    }

    private static IEnumerable<string> Words(int count) => Enumerable.Repeat("abcd", count);

    private static long Number(string item) => long.Parse(item[..^1], System.Globalization.CultureInfo.InvariantCulture);
}
