using CsCheck;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Streaming;

/// <summary>That a reader which takes over from what others have written down decides as one that has read the whole log.</summary>
public sealed class SightingsTests
{
    // Mostly some seconds, sometimes many generations, sometimes back.
    private static readonly Gen<int> Seconds = Gen.Frequency((12, Gen.Int[0, 120]), (2, Gen.Int[-1500, 0]), (1, Gen.Int[600, 4000]));

    private static readonly Gen<(int Seconds, int Kind, int[] Ids)[]> Messages = Gen.Select(Seconds, Gen.Int[0, 9], Gen.Int[0, 25].Array[1, 4]).Array[2, 70];

    private static readonly Gen<(double From, double To, int Pace, int Harm, int Harmed)[]> Lives =
        Gen.Select(Gen.Double[-0.1, 1], Gen.Double[0, 1], Gen.Int[0, 1000], Gen.Int[0, 10], Gen.Int[0, 1000]).Array[2, 6];

    [Fact]
    public Task Every_reader_that_takes_over_decides_as_one_that_has_read_the_whole_log_whoever_wrote_before_it_and_whatever_became_of_that() =>
        Gen.Select(Messages, Lives).SampleAsync(
            async (messages, lives) =>
            {
                var readers = LogOf(messages);
                var all = await readers.ReadAll();
                var end = readers.Log.Count;
                foreach (var (from, to, seed, harm, harmed) in lives)
                {
                    var stored = (long)Math.Clamp(from * (end - 1), -1, end - 2);
                    var until = (int)Math.Max(stored + 2, to * end);
                    var pace = new Random(seed);

                    var reader = await readers.Read(stored, until, () => TimeSpan.FromSeconds(pace.Next(20)), leaves: seed % 3 == 0);

                    reader.DecidedAs(all);
                    Harm(readers, harm, harmed);
                }
            },
            iter: 2_000);

    [Fact]
    public async Task A_reader_that_takes_over_reads_only_what_came_after_the_last_that_is_written_and_the_next_one_again()
    {
        var readers = SteadyLog(400);
        var all = await readers.ReadAll();

        await readers.Read(-1, 250, Slowly);
        var second = await readers.Read(240, 350, Slowly);
        var third = await readers.Read(345, 400, Slowly);

        Assert.InRange(second.First, 238, 241);
        Assert.InRange(third.First, 343, 346);
        Assert.Contains("all shards have stored message 240", Assert.Single(second.Said), StringComparison.Ordinal);
        second.DecidedAs(all);
        third.DecidedAs(all);
    }

    [Fact]
    public async Task A_reader_that_leaves_in_peace_leaves_nothing_to_be_read_again()
    {
        var readers = SteadyLog(200);
        await readers.Read(-1, 151, Slowly, leaves: true);

        Assert.Equal(151, (await readers.Read(150, 200, Slowly)).First);
    }

    [Fact]
    public async Task What_all_had_stored_when_a_reader_began_is_given_to_nobody_and_set_aside_no_more()
    {
        var readers = SteadyLog(100);
        readers.Poison(1);
        readers.Frame(1, 1, 2, 3);

        var reader = await readers.Read(100, 102, () => TimeSpan.Zero, sightings: new MemorySightings(), isAskedForAll: true);

        Assert.True(reader.First < 100);
        Assert.All(reader.Given.Keys, given => Assert.Equal(101, given.Message));
        Assert.Empty(readers.Letters.Letters);
    }

    [Theory]
    [InlineData(Missing, "nobody kept how generation")]
    [InlineData(CutOff, "its checksum is another one")]
    [InlineData(Flipped, "its checksum is another one")]
    [InlineData(OfAnotherEra, "nobody kept how generation")]
    [InlineData(OfAnotherHub, "is of a hub that was created at")]
    [InlineData(OfAnotherVersion, "this reader knows 1")]
    public async Task Where_the_beginning_of_a_generation_cannot_be_used_the_log_is_read_instead_and_the_reason_is_said(int harm, string reason)
    {
        var readers = SteadyLog(400);
        var all = await readers.ReadAll();
        await readers.Read(-1, 300, Slowly);
        foreach (var name in readers.Sightings.Blobs.Keys.Where(name => name.Split('-').Length > 2)) Harm(readers, harm, name);

        var reader = await readers.Read(290, 400, Slowly);

        Assert.InRange(reader.First, 290 - 180, 290 - 120); // Two generations of sixty messages before that of the checkpoint.
        Assert.Contains(reader.Said, line => line.Contains(reason, StringComparison.Ordinal));
        Assert.Contains(reader.Said, line => line.Contains("two generations of the log are read instead", StringComparison.Ordinal));
        reader.DecidedAs(all);
    }

    [Fact]
    public async Task Where_a_stretch_is_missing_the_log_is_read_from_there()
    {
        var readers = SteadyLog(400);
        var all = await readers.ReadAll();
        await readers.Read(-1, 300, Slowly);
        var missing = readers.Sightings.Blobs.Keys.Select(name => SightingStretch.Parse(name)!.Value).OrderBy(stretch => stretch.After).First(stretch => stretch.After.SequenceNumber >= 279);
        Harm(readers, Missing, missing.Name);

        var reader = await readers.Read(290, 400, Slowly);

        Assert.Equal(missing.After.SequenceNumber + 1, reader.First);
        reader.DecidedAs(all);
    }

    [Fact]
    public async Task What_a_reader_cannot_use_another_one_may_have_written_too()
    {
        var readers = SteadyLog(400);
        var other = new MemorySightings();
        await readers.Read(-1, 300, Slowly);
        await readers.Read(-1, 300, () => TimeSpan.FromSeconds(7), sightings: other);
        foreach (var name in readers.Sightings.Blobs.Keys) Harm(readers, Flipped, name);
        foreach (var (name, bytes) in other.Blobs) readers.Sightings.Blobs[name] = bytes;

        Assert.InRange((await readers.Read(290, 400, Slowly)).First, 285, 291);
    }

    [Fact]
    public async Task A_reader_that_came_into_the_middle_of_a_generation_does_not_say_that_it_begins_there()
    {
        var readers = SteadyLog(400);
        var read = await readers.Read(200, 320, Slowly);

        var stretches = readers.Sightings.Blobs.Keys.Select(name => SightingStretch.Parse(name)!.Value).OrderBy(stretch => stretch.After).ToList();
        Assert.Equal(read.First - 1, stretches[0].After.SequenceNumber);
        Assert.Null(stretches[0].Follows);
        Assert.All(stretches.GroupBy(stretch => stretch.Generation).Skip(1), generation => Assert.Equal(generation.Key - 1, generation.First().Follows));
    }

    [Fact]
    public async Task Generations_that_nobody_needs_any_more_are_deleted()
    {
        var readers = SteadyLog(1000);
        await readers.Read(-1, 500, Slowly);
        await readers.Read(490, 600, Slowly);

        var oldest = readers.Sightings.Blobs.Keys.Min(name => SightingStretch.Parse(name)!.Value.Generation);
        Assert.Equal(Counter.Streaming.Generations.Of(readers.Log[490].EnqueuedTime) - 2, oldest);
    }

    [Fact]
    public async Task A_storage_that_does_not_answer_holds_up_no_reader_and_breaks_only_the_chain()
    {
        var store = new AnswersLater();
        var readers = new Readers { Sightings = store };
        for (var i = 0; i < 400; i++) readers.Frame(10, [.. Enumerable.Range(i * 100, 100)]);
        var all = await readers.ReadAll();

        var first = await readers.Read(-1, 300, Slowly); // Sees 300 times 808 bytes, of which 64 KB may wait.
        store.Answer.SetResult();
        Assert.InRange(store.Blobs.Sum(blob => blob.Value.Length), 1 << 15, 1 << 17);
        var second = await readers.Read(290, 400, Slowly);

        first.DecidedAs(all);
        second.DecidedAs(all);
        Assert.Contains(first.Said, line => line.Contains("more than 65536 bytes wait for the storage", StringComparison.Ordinal));
        Assert.InRange(second.First, 100, 180);
    }

    [Fact]
    public async Task A_storage_that_refuses_makes_readers_read_the_log()
    {
        var readers = new Readers { Sightings = new Refuses() };
        for (var i = 0; i < 400; i++) readers.Frame(10, i % 90);
        var all = await readers.ReadAll();
        await readers.Read(-1, 300, Slowly, leaves: true);

        var reader = await readers.Read(290, 400, Slowly, leaves: true);

        reader.DecidedAs(all);
        Assert.Contains(reader.Said, line => line.Contains("no sightings can be used (Refused.)", StringComparison.Ordinal));
        Assert.Contains(reader.Said, line => line.Contains("are not written: Refused.", StringComparison.Ordinal));
    }

    private const int Missing = 0;
    private const int CutOff = 1;
    private const int Flipped = 2;
    private const int OfAnotherEra = 3;
    private const int OfAnotherHub = 4;
    private const int OfAnotherVersion = 5;

    /// <summary>A message every ten seconds, each with an id that comes again after a quarter of an hour.</summary>
    private static Readers SteadyLog(int count)
    {
        var readers = new Readers();
        for (var i = 0; i < count; i++) readers.Frame(10, i % 90);
        return readers;
    }

    private static Readers LogOf((int Seconds, int Kind, int[] Ids)[] messages)
    {
        var readers = new Readers();
        foreach (var (seconds, kind, ids) in messages)
        {
            if (kind == 0) readers.Poison(seconds);
            else if (kind == 1 && readers.Log.Any(message => message.Properties.Count > 0)) readers.FrameAgain(seconds, ids[0]);
            else readers.Frame(seconds, ids);
        }

        return readers;
    }

    /// <summary>Ten seconds a message: a stretch is two of them.</summary>
    private static TimeSpan Slowly() => TimeSpan.FromSeconds(10);

    private static void Harm(Readers readers, int harm, int harmed)
    {
        var names = readers.Sightings.Blobs.Keys.Order(StringComparer.Ordinal).ToList();
        if (names.Count > 0) Harm(readers, harm, names[harmed % names.Count]);
    }

    private static void Harm(Readers readers, int harm, string name)
    {
        var blobs = readers.Sightings.Blobs;
        if (harm > OfAnotherVersion || !blobs.TryRemove(name, out var bytes) || harm == Missing) return;
        if (harm is OfAnotherEra or OfAnotherHub)
        {
            if (SightingStretch.Parse(name) is not { After.Era: 0 } stretch || Whole(stretch, bytes) is not { } delta) return;
            if (harm == OfAnotherHub) delta = delta with { HubCreatedAt = readers.HubCreatedAt.AddDays(-1) };
            else delta = delta with { Stretch = stretch with { After = Position.Of(1, stretch.After.SequenceNumber), Through = Position.Of(1, stretch.Through.SequenceNumber) } };
            blobs[delta.Stretch.Name] = SightingCodec.Encode(delta);
            return;
        }

        if (harm == CutOff) bytes = bytes[..^(1 + (bytes[^1] % 8))];
        if (harm == Flipped) bytes[8 + (bytes[^1] % (bytes.Length - 8))] ^= 16; // behind magic and version, which have answers of their own
        if (harm == OfAnotherVersion) bytes[4]++;
        blobs[name] = bytes;
    }

    private static SightingDelta? Whole(SightingStretch stretch, byte[] bytes)
    {
        try
        {
            return SightingCodec.Decode(stretch, bytes);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Takes what it is given only when it is told to.</summary>
    private sealed class AnswersLater : MemorySightings
    {
        public TaskCompletionSource Answer { get; } = new();

        public override async ValueTask Write(SightingDelta delta, CancellationToken cancellationToken)
        {
            await Answer.Task;
            await base.Write(delta, cancellationToken);
        }
    }

    private sealed class Refuses : MemorySightings
    {
        public override ValueTask Write(SightingDelta delta, CancellationToken cancellationToken) => ValueTask.FromException(new InvalidOperationException("Refused."));

        public override ValueTask<IReadOnlyList<SightingStretch>> List(int partition, CancellationToken cancellationToken) =>
            ValueTask.FromException<IReadOnlyList<SightingStretch>>(new InvalidOperationException("Refused."));
    }
}
