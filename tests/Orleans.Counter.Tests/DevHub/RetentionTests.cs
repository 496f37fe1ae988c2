using CsCheck;
using Orleans.Counter.Dev.Hubs;
using Orleans.Counter.Dev.Log;
using Xunit;

namespace Orleans.Counter.Tests.Dev;

public sealed class RetentionTests
{
    [Fact]
    public async Task Files_with_nothing_younger_are_removed_and_the_last_one_never()
    {
        using var folder = new LogFolder();
        using (var log = folder.Open(fileBytesMax: 1_000))
        {
            for (var i = 0; i < 50; i++)
            {
                await log.Append([new Bytes(new byte[200])]);
                folder.Now += TimeSpan.FromHours(1);
            }

            var retention = Retention(folder, age: TimeSpan.FromHours(20));
            retention.Remove(Hub(log));
            var oldest = LogFolder.All(log)[0].Stamp;
            Assert.InRange(oldest.Sequence, 26, 30); // a file holds four
            Assert.Equal(oldest.Sequence, log.BeginSequence);
            Assert.Equal(oldest.Offset, log.Begin.Offset);

            folder.Now += TimeSpan.FromDays(365);
            retention.Remove(Hub(log));
            Assert.Single(folder.Files);
            Assert.Equal(49, LogFolder.All(log)[^1].Stamp.Sequence);
        }

        Assert.Empty(Directory.GetFiles(folder.Folder, "*.index"));
        using var reopened = folder.Open(fileBytesMax: 1_000);
        Assert.Equal(49, reopened.End.LastSequence);
        await reopened.Append([new Bytes(1)]);
        Assert.Equal(50, LogFolder.All(reopened)[^1].Stamp.Sequence);
    }

    [Fact]
    public async Task Of_all_partitions_the_oldest_files_go_when_a_hub_is_too_large()
    {
        using var quiet = new LogFolder();
        using var busy = new LogFolder();
        using var quietLog = quiet.Open(fileBytesMax: 1_000);
        using var busyLog = busy.Open(fileBytesMax: 1_000);
        for (var i = 0; i < 8; i++)
            await quietLog.Append([new Bytes(new byte[200])]);
        busy.Now += TimeSpan.FromHours(1);
        for (var i = 0; i < 40; i++)
            await busyLog.Append([new Bytes(new byte[200])]);

        Retention(busy, bytes: 5_000).Remove(Hub(quietLog, busyLog));
        Assert.InRange(quietLog.StoredBytes + busyLog.StoredBytes, 4_000, 5_000);
        Assert.Equal(4, quietLog.BeginSequence); // the last file stays
        Assert.True(busyLog.BeginSequence > 0);
    }

    [Fact]
    public async Task What_somebody_needs_is_kept_whatever_its_age()
    {
        using var folder = new LogFolder();
        using var log = folder.Open(fileBytesMax: 1_000);
        for (var i = 0; i < 40; i++)
            await log.Append([new Bytes(new byte[200])]);
        folder.Now += TimeSpan.FromDays(1);
        log.KeepFrom = 18;

        Retention(folder, age: TimeSpan.FromHours(1), bytes: 1).Remove(Hub(log));
        Assert.Equal(16, log.BeginSequence);
    }

    [Fact]
    public async Task A_reader_that_stands_in_what_is_removed_goes_on_at_the_oldest_event()
    {
        var cases = Gen.Select(Gen.Int[0, 199], Gen.Int[0, 100_000], Gen.Int[0, 180]);
        await cases.SampleAsync(async (at, cacheBytesMax, keepFrom) =>
        {
            using var folder = new LogFolder();
            using var log = folder.Open(fileBytesMax: 5_000, cacheBytesMax);
            for (var i = 0; i < 200; i++)
                _ = log.Append([new Bytes(new byte[300])]);
            await log.Append([new Bytes(1)]);
            var reader = log.FromSequence(0);
            for (var i = 0; i < at; i++)
            {
                Assert.True(reader.TryPeek(out _));
                reader.Advance();
            }

            log.KeepFrom = keepFrom;
            folder.Now += TimeSpan.FromDays(1);
            Retention(folder, age: TimeSpan.FromHours(1)).Remove(Hub(log));

            var rest = LogFolder.Read(reader).Select(record => record.Stamp.Sequence).ToList();
            Assert.Equal(200, rest[^1]);
            Assert.True(rest.Zip(rest.Skip(1)).All(pair => pair.Second > pair.First));
            Assert.True(rest[0] >= at);
            Assert.Empty(Enumerable.Range(at, 201 - at).Select(i => (long)i).Where(i => i >= Math.Max(at, log.BeginSequence)).Except(rest));
        }, iter: 60);
    }

    [Fact]
    public async Task Positions_before_the_oldest_event_are_that_event()
    {
        using var folder = new LogFolder();
        using var log = folder.Open(fileBytesMax: 1_000, cacheBytesMax: 0);
        for (var i = 0; i < 40; i++)
            await log.Append([new Bytes(new byte[200])]);
        folder.Now += TimeSpan.FromDays(1);
        log.KeepFrom = 20;
        Retention(folder, age: TimeSpan.FromHours(1)).Remove(Hub(log));

        foreach (var reader in new[] { log.FromSequence(0), log.FromSequence(3), log.FromOffset(0), log.FromOffset(500), log.FromTime(0) })
            Assert.Equal(20, LogFolder.Read(reader)[0].Stamp.Sequence);
    }

    [Fact]
    public async Task A_crash_between_the_two_files_of_a_removal_leaves_a_partition_that_opens()
    {
        using var folder = new LogFolder();
        using (var log = folder.Open(fileBytesMax: 1_000))
        {
            for (var i = 0; i < 40; i++)
                await log.Append([new Bytes(new byte[200])]);
        }

        File.Delete(Path.ChangeExtension(folder.Files[0], ".index"));
        using (var log = folder.Open(fileBytesMax: 1_000))
            Assert.Equal(40, LogFolder.All(log).Count);

        File.Delete(Path.ChangeExtension(folder.Files[0], ".index"));
        File.Delete(folder.Files[0]);
        using var reopened = folder.Open(fileBytesMax: 1_000);
        Assert.Equal(36, LogFolder.All(reopened).Count);
    }

    private static Retention Retention(LogFolder folder, TimeSpan? age = null, long? bytes = null) => new([], age, bytes, folder, _ => { });

    private static Hub Hub(params PartitionLog[] partitions) => new("counts", default, partitions, new HubStyle(new ConsumerGroups([]), GeoOffsets: false));
}
