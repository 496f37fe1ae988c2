using CsCheck;
using Orleans.Counter.Counting;
using Orleans.Counter.Storage;
using Xunit;

namespace Orleans.Counter.Tests.Counting;

/// <summary>The arithmetic of one video against a plain sum over its entries, whatever is replayed, stored, settled, opened again or forgotten in between.</summary>
public sealed class VideoTests
{
    private static readonly VideoId Kittens = VideoId.Parse("kittens");
    private static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Gen<Entry[]> Log = Gen.Select(Gens.Type, Gen.Int[0, 400], Gens.Cell, Gen.Int[0, 3], Gen.Bool).Array[0, 60].Select(parts =>
    {
        var (entries, position) = (new List<Entry>(), 0L);
        foreach (var (type, minutesAgo, cell, repeats, isNext) in parts)
        {
            position += isNext || position == 0 ? 1 : 0; // several entries may share a position
            entries.Add(new(Position.Of(0, position), type, new(Minute.Of(Noon).Number - minutesAgo), repeats == 3 ? Cell.Nothing : cell, repeats));
        }

        return entries.ToArray();
    });

    [Fact]
    public void Nothing_is_lost_or_made_up_whatever_is_replayed_stored_settled_or_forgotten() =>
        Gen.Select(Log, Gen.Int[0, 4].Array[200], Gen.Int[0, 60].Array[200]).Sample((log, steps, numbers) =>
        {
            var (store, video, done) = (new Rows(), new Video(Kittens, null), 0);
            var now = Noon;
            for (var i = 0; i < steps.Length; i++)
            {
                switch (steps[i])
                {
                    case 0: // hears some of the log, beginning with what it may know already; all entries of a position, or none
                        var from = Boundary(log, Math.Min(done, Math.Max(0, done - (numbers[i] % 5))));
                        var to = Boundary(log, Math.Min(log.Length, done + 1 + (numbers[i] % 7)));
                        Hear(video, log[from..to], store);
                        done = Math.Max(done, to);
                        break;
                    case 1:
                        store.Write(video, now);
                        break;
                    case 2:
                        now = now.AddMinutes(numbers[i]);
                        break;
                    case 3: // hears something while it stores
                        var capture = video.Capture(now, Guid.NewGuid());
                        var next = Boundary(log, Math.Min(log.Length, done + 1));
                        Hear(video, log[done..next], store);
                        done = next;
                        store.Commit(capture);
                        video.Stored(capture);
                        break;
                    default: // loses its memory, and hears everything again from what it has stored
                        video = new(Kittens, store.Row);
                        done = log.Count(entry => entry.Position <= video.Position);
                        break;
                }
            }

            Hear(video, log[done..], store);
            store.Write(video, now);
            AssertEqual(log, store, video);
        });

    [Fact]
    public void A_video_over_its_bound_settles_its_oldest_hours_at_once()
    {
        var video = new Video(Kittens, null);
        video.Add([.. Enumerable.Range(0, 2000).Select(minute => new Entry(Position.Of(0, 1), EventType.View, new(Minute.Of(Noon).Number - minute), Cell.One(2), 0))], []);
        Assert.True(video.IsFull);

        var capture = video.Capture(Noon.AddDays(-30), Guid.NewGuid()); // By the clock, nothing is due.
        video.Stored(capture);

        Assert.False(video.IsFull);
        Assert.True(capture.Settled.Max(hour => hour.Hour) < capture.Row.Open.Min(hour => hour.Hour));
    }

    [Fact]
    public void A_commit_never_settles_into_more_day_rows_than_fit_one_transaction()
    {
        var video = new Video(Kittens, null);
        for (var type = 0; type < 20; type++)
            video.Add([.. Enumerable.Range(0, 8).Select(day => new Entry(Position.Of(0, type), EventType.Parse($"t{type}"), new(Minute.Of(Noon).Number - (1440 * day)), Cell.One(2), 0))], []);

        var commits = 0;
        for (; video.NextSettle is not null; commits++)
        {
            var capture = video.Capture(Noon.AddDays(1), Guid.NewGuid());
            Assert.InRange(RowCodec.Encode(Kittens, capture.Settled).Count(), 1, TableLayout.SettledDaysMax);
            video.Stored(capture);
        }

        Assert.Equal(4, commits); // 20 types on 8 days are 160 day rows.
    }

    [Fact]
    public void A_part_of_a_video_that_was_heard_before_is_not_heard_again()
    {
        var video = new Video(Kittens, null);
        var entry = new Entry(Position.Of(0, 5), EventType.View, Minute.Of(Noon), Cell.Plain(3), 2);

        video.Add([entry], []);
        video.Add([entry, entry with { Position = Position.Of(0, 4) }], []);

        Assert.Equal(Cell.Plain(3), video.Recent(EventType.View).Total);
    }

    private static int Boundary(Entry[] log, int index)
    {
        while (index > 0 && index < log.Length && log[index].Position == log[index - 1].Position) index++;
        return index;
    }

    private static void Hear(Video video, Entry[] entries, Rows store)
    {
        foreach (var (type, hour) in video.Missing(entries)) video.Reopen(store.Hours.GetValueOrDefault((type, hour)) ?? new(type, hour, []));
        video.Add(entries, video.TooManyTypes(entries));
    }

    private static void AssertEqual(Entry[] log, Rows store, Video video)
    {
        foreach (var type in log.Select(entry => entry.Type).Distinct())
        {
            var entries = log.Where(entry => entry.Type == type && entry.Cell.Count > 0).ToList();
            var recent = video.Recent(type);
            Assert.Equal(entries.Aggregate(Cell.Nothing, (sum, entry) => sum + entry.Cell), recent.Total);
            var open = recent.Open.Select(hour => hour.Hour).ToHashSet();
            var minutes = store.Hours.Where(hour => hour.Key.Item1 == type && !open.Contains(hour.Key.Item2)).Select(hour => hour.Value).Concat(recent.Open)
                .SelectMany(hour => hour.Cells.Select(cell => (Minute: hour.MinuteOf(cell), cell.Cell))).OrderBy(minute => minute.Minute);
            Assert.Equal(entries.GroupBy(entry => entry.Minute).OrderBy(minute => minute.Key).Select(minute => (minute.Key, minute.Aggregate(Cell.Nothing, (sum, entry) => sum + entry.Cell))), minutes);
            Assert.All(store.Hours.Where(hour => hour.Key.Item1 == type), hour => Assert.True(hour.Key.Item2 <= recent.SettledThrough));
        }

        Assert.Equal(log.Sum(entry => entry.Duplicates), store.Row?.Duplicates ?? 0);
    }

    /// <summary>The row and the day rows of one video.</summary>
    private sealed class Rows
    {
        public VideoRow? Row { get; private set; }

        public Dictionary<(EventType, int), HourCells> Hours { get; } = [];

        public void Write(Video video, DateTimeOffset now)
        {
            var capture = video.Capture(now, Guid.NewGuid());
            Commit(capture);
            video.Stored(capture);
        }

        public void Commit(Capture capture)
        {
            Row = RowCodec.DecodeVideo(RowCodec.Encode(capture.Row));
            foreach (var hour in capture.Settled) Hours[(hour.Type, hour.Hour)] = hour;
        }
    }
}
