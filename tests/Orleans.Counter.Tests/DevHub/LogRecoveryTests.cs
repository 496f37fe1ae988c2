using CsCheck;
using Orleans.Counter.Dev.Log;
using Xunit;

namespace Orleans.Counter.Tests.Dev;

public sealed class LogRecoveryTests
{
    private static readonly Gen<int[][]> Commits = Gen.Int[1, 300].Array[1, 8].Array[1, 6];

    [Fact]
    public async Task A_file_that_ends_anywhere_is_cut_after_its_last_whole_event()
    {
        await Gen.Select(Commits, Gen.Double[0, 1]).SampleAsync(async (commits, place) =>
        {
            using var folder = new LogFolder();
            var positions = await Write(folder, commits);
            var length = LogFile.HeaderBytes + (long)(place * (positions[^1] - LogFile.HeaderBytes));
            SetLength(folder.Files[0], length);

            await IsCut(folder, positions.FindLastIndex(position => position <= length), positions);
        }, iter: 100);
    }

    [Fact]
    public async Task What_stands_after_the_last_whole_event_is_cut()
    {
        var tails = Gen.OneOf(Gen.Byte.Array[1, 400], Gen.Int[1, 5_000].Select(length => new byte[length]));
        await Gen.Select(Commits, tails).SampleAsync(async (commits, tail) =>
        {
            using var folder = new LogFolder();
            var positions = await Write(folder, commits);
            await using (var stream = new FileStream(folder.Files[0], FileMode.Append))
                stream.Write(tail);

            await IsCut(folder, positions.Count - 1, positions);
        }, iter: 100);
    }

    [Fact]
    public async Task A_wrong_byte_in_the_last_commit_cuts_it_and_in_any_other_is_refused_with_its_place()
    {
        await Gen.Select(Commits, Gen.Double[0, 1]).SampleAsync(async (commits, place) =>
        {
            using var folder = new LogFolder();
            var positions = await Write(folder, commits);
            var wrong = LogFile.HeaderBytes + (long)(place * (positions[^1] - LogFile.HeaderBytes - 1));
            LogFolder.Flip(folder.Files[0], wrong);

            var at = positions.FindLastIndex(position => position <= wrong);
            if (at >= commits[..^1].Sum(commit => commit.Length))
            {
                await IsCut(folder, at, positions);
                return;
            }

            var length = new FileInfo(folder.Files[0]).Length;
            var damage = Assert.Throws<LogDamagedException>(() => folder.Open());
            Assert.Equal((folder.Files[0], positions[at]), (damage.Path, damage.Position));
            Assert.Contains(folder.Files[0], damage.Message, StringComparison.Ordinal);
            Assert.Equal(length, new FileInfo(folder.Files[0]).Length);
        }, iter: 200);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_wrong_byte_in_a_closed_file_is_refused_with_its_place_to_its_reader_or_at_start_if_there_is_no_index(bool isIndexed)
    {
        using var folder = new LogFolder();
        await FillFiles(folder);
        var last = LogFile.HeaderBytes + (1_000 - LogFile.HeaderBytes) / (RecordHeader.Bytes + 50) * (RecordHeader.Bytes + 50) - (RecordHeader.Bytes + 50);
        Assert.True(folder.Files.Count > 2);
        LogFolder.Flip(folder.Files[1], last + RecordHeader.Bytes);
        if (!isIndexed)
            File.Delete(IndexOf(folder.Files[1]));

        var damage = Assert.Throws<LogDamagedException>(() =>
        {
            using var log = folder.Open(fileBytesMax: 1_000, cacheBytesMax: 0);
            Assert.True(isIndexed);
            LogFolder.All(log);
        });
        Assert.Equal((folder.Files[1], (long)last), (damage.Path, damage.Position));
    }

    [Fact]
    public async Task An_index_that_is_missing_damaged_or_of_another_file_changes_nothing_but_the_time_of_a_start()
    {
        using var folder = new LogFolder();
        var expected = await FillFiles(folder);
        var closed = folder.Files.SkipLast(1).Select(IndexOf).ToList();
        Assert.All(closed, index => Assert.True(File.Exists(index)));
        Assert.False(File.Exists(IndexOf(folder.Files[^1])));

        File.Delete(closed[0]);
        for (var position = 0L; position < new FileInfo(closed[1]).Length; position += 7)
            LogFolder.Flip(closed[1], position);
        File.Copy(closed[3], closed[2], overwrite: true);
        var whole = await File.ReadAllBytesAsync(closed[3], TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(closed[3], whole[..^1], TestContext.Current.CancellationToken);

        for (var run = 0; run < 2; run++)
        {
            using var log = folder.Open(fileBytesMax: 1_000);
            Assert.Equal(expected, LogFolder.All(log).Select(record => record.Stamp));
            Assert.Equal(expected[17], LogFolder.Read(log.FromOffset(expected[17].Offset))[0].Stamp);
        }

        Assert.Equal(whole, await File.ReadAllBytesAsync(closed[3], TestContext.Current.CancellationToken));
        Assert.Empty(folder.Reports);
    }

    [Fact]
    public async Task Damage_that_comes_while_the_log_is_open_is_refused_to_its_reader()
    {
        using var folder = new LogFolder();
        using var log = folder.Open(cacheBytesMax: 0);
        for (var i = 0; i < 3_000; i++)
            _ = log.Append([new Bytes(new byte[100])]);
        await log.Append([new Bytes(1)]);
        var wrong = LogFile.HeaderBytes + 5L * (RecordHeader.Bytes + 100);
        LogFolder.Flip(folder.Files[0], wrong + 70);

        var reader = log.FromSequence(0);
        for (var i = 0; i < 5; i++, reader.Advance())
            Assert.True(reader.TryPeek(out _));
        var damage = Assert.Throws<LogDamagedException>(() => reader.TryPeek(out _));
        Assert.Equal((folder.Files[0], wrong), (damage.Path, damage.Position));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    [InlineData(LogFile.HeaderBytes)]
    public async Task A_file_that_was_being_made_when_the_process_ended_is_made_again(int length)
    {
        using var folder = new LogFolder();
        await Write(folder, [[10], [20]]);
        var unfinished = Path.Combine(folder.Folder, "00000000000000000002.log");
        await File.WriteAllBytesAsync(unfinished, new byte[length], TestContext.Current.CancellationToken);

        using var log = folder.Open();
        Assert.Contains(unfinished, Assert.Single(folder.Reports), StringComparison.Ordinal);
        await log.Append([new Bytes(3)]);
        Assert.Equal(2, log.End.LastSequence);
    }

    [Fact]
    public async Task A_missing_file_is_refused()
    {
        using var folder = new LogFolder();
        using (var log = folder.Open(fileBytesMax: 1_000))
        {
            for (var i = 0; i < 40; i++)
                await log.Append([new Bytes(new byte[50])]);
        }

        File.Delete(folder.Files[1]);
        var damage = Assert.Throws<LogDamagedException>(() => folder.Open());
        Assert.Contains("missing", damage.Message, StringComparison.Ordinal);
    }

    private static string IndexOf(string file) => Path.ChangeExtension(file, ".index");

    // Sixty events in files of ten.
    private static async Task<List<Stamp>> FillFiles(LogFolder folder)
    {
        using var log = folder.Open(fileBytesMax: 1_000);
        for (var i = 0; i < 60; i++)
            await log.Append([new Bytes(new byte[50])]);
        return [.. LogFolder.All(log).Select(record => record.Stamp)];
    }

    // Each array is one commit; its numbers are the lengths of its events.
    private static async Task<List<long>> Write(LogFolder folder, int[][] commits)
    {
        using var log = folder.Open();
        foreach (var commit in commits)
            await log.Append(Bytes.Of(commit.Select(length => Enumerable.Repeat((byte)(length % 251), length).ToArray())));
        return LogFolder.Positions(log);
    }

    private static async Task IsCut(LogFolder folder, int events, List<long> positions)
    {
        var length = new FileInfo(folder.Files[0]).Length;
        using (var log = folder.Open())
        {
            Assert.Equal(events - 1, log.End.LastSequence);
            Assert.Equal(positions[events], new FileInfo(folder.Files[0]).Length);
            Assert.Equal(length > positions[events] ? 1 : 0, folder.Reports.Count);
            await log.Append([new Bytes(7)]);
        }

        using var reopened = folder.Open();
        Assert.Equal(events, reopened.End.LastSequence);
    }

    private static void SetLength(string file, long length)
    {
        using var stream = new FileStream(file, FileMode.Open);
        stream.SetLength(length);
    }
}
