using CsCheck;
using Orleans.Counter.Dev.Log;
using Xunit;

namespace Orleans.Counter.Tests.Dev;

public sealed class PartitionLogTests
{
    // Commits of events; some are larger than what the log reads at once.
    private static readonly Gen<byte[][][]> Commits = Gen.Frequency((20, Gen.Int[1, 400]), (1, Gen.Int[60_000, 150_000]))
        .SelectMany(length => Gen.Byte.Select(fill => Enumerable.Repeat(fill, length).ToArray()))
        .Array[1, 30].Array[0, 6];

    [Fact]
    public async Task What_was_accepted_is_read_back_in_order_whatever_the_sizes_and_the_restarts()
    {
        var cases = Gen.Select(Commits, Commits, Gen.Int[500, 200_000], Gen.Int[0, 300_000]);
        await cases.SampleAsync(async (before, after, fileBytesMax, cacheBytesMax) =>
        {
            using var folder = new LogFolder();
            var expected = new List<byte[]>();
            foreach (var commits in new[] { before, after })
            {
                using var log = folder.Open(fileBytesMax, cacheBytesMax);
                foreach (var commit in commits)
                {
                    await log.Append(Bytes.Of(commit));
                    expected.AddRange(commit);
                }

                Holds(log, expected);
            }

            using var reopened = folder.Open(fileBytesMax, cacheBytesMax);
            Holds(reopened, expected);
            Assert.Empty(folder.Reports);
        }, iter: 60);
    }

    [Fact]
    public async Task A_reader_starts_at_the_first_event_at_or_after_the_place_it_asks_for()
    {
        var cases = Gen.Select(Gen.Select(Gen.Int[1, 300], Gen.Int[-5, 20]).Array[1, 900], Gen.Int[2_000, 100_000], Gen.Int[0, 100_000]);
        await cases.SampleAsync(async (events, fileBytesMax, cacheBytesMax) =>
        {
            using var folder = new LogFolder();
            using (var log = folder.Open(fileBytesMax, cacheBytesMax))
            {
                foreach (var (length, milliseconds) in events)
                {
                    folder.Now += TimeSpan.FromMilliseconds(milliseconds); // clocks are set back at times
                    _ = log.Append([new Bytes(new byte[length])]);
                }
            }

            using var reopened = folder.Open(fileBytesMax, cacheBytesMax);
            var all = LogFolder.All(reopened);
            Assert.Equal(events.Length, all.Count);
            for (var i = 0; i < all.Count; i += 1 + all.Count / 40)
            {
                var stamp = all[i].Stamp;
                Assert.Equal(all[i..], LogFolder.Read(reopened.FromSequence(stamp.Sequence)), SameStamp);
                Assert.Equal(all[i..], LogFolder.Read(reopened.FromOffset(stamp.Offset)), SameStamp);
                Assert.Equal(all[(i + 1)..], LogFolder.Read(reopened.FromOffset(stamp.Offset + 1)), SameStamp);
                foreach (var time in new[] { stamp.EnqueuedMilliseconds, stamp.EnqueuedMilliseconds + 1 })
                    Assert.Equal(all.Where(record => record.Stamp.EnqueuedMilliseconds >= time), LogFolder.Read(reopened.FromTime(time)), SameStamp);
            }

            Assert.Empty(LogFolder.Read(reopened.FromEnd()));
        }, iter: 25);
    }

    [Fact]
    public async Task Enqueued_time_never_steps_back()
    {
        using var folder = new LogFolder();
        using (var log = folder.Open())
        {
            await log.Append([new Bytes(1)]);
            folder.Now -= TimeSpan.FromHours(1);
            await log.Append([new Bytes(2)]);
        }

        folder.Now -= TimeSpan.FromHours(1);
        using var reopened = folder.Open();
        await reopened.Append([new Bytes(3)]);

        Assert.Single(LogFolder.All(reopened).Select(record => record.Stamp.EnqueuedMilliseconds).Distinct());
    }

    [Fact]
    public async Task Events_that_wait_while_the_disk_is_busy_share_one_flush()
    {
        using var folder = new LogFolder();
        using var busy = new ManualResetEventSlim();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var flushes = 0;
        using var log = folder.Open();
        folder.Flush = handle =>
        {
            flushes++;
            began.TrySetResult();
            busy.Wait();
            RandomAccess.FlushToDisk(handle);
        };

        var first = log.Append([new Bytes(1)]);
        await began.Task;
        var crowd = Enumerable.Range(0, 500).Select(_ => log.Append([new Bytes(1)])).ToList();
        var (acceptedTooEarly, shownTooEarly) = (first.IsCompleted, log.End.LastSequence);
        busy.Set();
        await Task.WhenAll([first, .. crowd]);

        Assert.False(acceptedTooEarly);
        Assert.Equal(-1, shownTooEarly);
        Assert.Equal(2, flushes);
        Assert.Equal(500, log.End.LastSequence);
    }

    [Fact]
    public async Task A_flush_that_fails_ends_the_partition_until_it_is_opened_again()
    {
        using var folder = new LogFolder();
        using (var log = folder.Open())
        {
            await log.Append([new Bytes(1)]);
            folder.Flush = _ => throw new IOException("No space left on device");
            await Assert.ThrowsAsync<LogFailedException>(() => log.Append([new Bytes(2)]));

            folder.Flush = RandomAccess.FlushToDisk; // the disk is well again, but nobody knows what it holds
            await Assert.ThrowsAsync<LogFailedException>(() => log.Append([new Bytes(3)]));
            Assert.Equal(0, log.End.LastSequence);
            Assert.Single(LogFolder.All(log));
            Assert.Contains("No space left", Assert.Single(folder.Reports), StringComparison.Ordinal);
        }

        using var reopened = folder.Open();
        await reopened.Append([new Bytes(4)]);
        Assert.DoesNotContain(LogFolder.All(reopened), record => record.Payload.Span[0] == 3);
    }

    [Fact]
    public async Task What_was_taken_before_the_log_is_closed_is_written()
    {
        using var folder = new LogFolder();
        var log = folder.Open();
        var appends = Enumerable.Range(0, 200).Select(_ => log.Append([new Bytes(1)])).ToList();
        log.Dispose();
        await Task.WhenAll(appends);

        using var reopened = folder.Open();
        Assert.Equal(199, reopened.End.LastSequence);
    }

    [Fact]
    public void The_checksum_is_the_one_that_other_tools_know() => Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));

    private static void Holds(PartitionLog log, List<byte[]> expected)
    {
        var all = LogFolder.All(log);
        Assert.Equal(expected.Count - 1, log.End.LastSequence);
        Assert.Equal(expected.Count, all.Count);
        for (var i = 0; i < all.Count; i++)
        {
            Assert.Equal(i, all[i].Stamp.Sequence);
            Assert.True(all[i].Payload.Span.SequenceEqual(expected[i]));
        }
    }

    private static bool SameStamp(LogRecord a, LogRecord b) => a.Stamp == b.Stamp;
}
