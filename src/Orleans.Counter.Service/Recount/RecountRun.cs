using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Counter.Counting;
using Orleans.Counter.Storage;

namespace Orleans.Counter.Recount;

/// <summary>Compares minutes of a video with the log, and sets what differs.</summary>
internal sealed class RecountRun(IGrainFactory grains, ICountStore counts, IRollupStore rollups, RawLog log, LogIdentity identity, IOptions<AcceptanceOptions> acceptance, TimeProvider clock)
{
    /// <summary>By how much clocks of silos may differ: who was first, a correction or a removal, cannot be said then.</summary>
    private static readonly TimeSpan ClocksDiffer = TimeSpan.FromMinutes(10);

    /// <summary>What differs.</summary>
    /// <exception cref="StaleWriterException">The video was changed meanwhile: to be begun anew.</exception>
    public async Task<RecountResult> Compare(VideoId video, MinuteRange range, CancellationToken cancellationToken)
    {
        var counted = await Counted(video, range, cancellationToken);
        var corrections = await counts.ReadCorrections(video, range, cancellationToken);
        if ((await Ask(video, range.From, cancellationToken)).Revision != counted.Last.Revision) throw new StaleWriterException(video.Value);

        var (from, to) = Recounter.Needed(range, acceptance.Value.Window);
        List<MissingLog> missing = [];
        if (counted.Last is { Removed: { } removed, RemovedThrough: null } && removed + ClocksDiffer > from)
            missing.Add(MissingLog.Of(from, removed, "The video was removed then, by a version of the service that did not write down up to where in the log."));
        if (counted.Last.Removed is { } then && corrections.Any(one => (one.At - then).Duration() < ClocksDiffer))
            missing.Add(MissingLog.Of(then - ClocksDiffer, then + ClocksDiffer, "The video was removed then, and corrected at about the same time: which came first cannot be said."));

        var recounter = new Recounter(new(
            video, range, acceptance.Value.Window, identity.Era, identity.PartitionCount, minute => counted.Days[TableLayout.DayOf(minute.Hour)].Through,
            counted.Last.RemovedThrough ?? Position.Start, counted.Last.Types.ToHashSet()));
        missing.AddRange(await log.Read(Shard.Of(video), from, to, counted.Days.Values.Max(day => day.Through), recounter.Take, cancellationToken));
        var valid = corrections.Where(one => !one.IsRepair && !(one.At <= counted.Last.Removed)).ToLookup(one => (one.Type, one.Minute));
        var liveFrom = (await rollups.ReadGroup(Group.Of(video), cancellationToken))?.Row.LiveFrom ?? DateOnly.MinValue;
        return Compare(counted.Cells, recounter, valid, liveFrom) with { Missing = missing };
    }

    /// <summary>Sets the minutes that differ to what they have to hold: those of an hour together, or none of them.</summary>
    public async Task<RecountResult> Repair(Operation operation, RecountResult result, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IVideoGrain>(operation.VideoId);
        List<MinuteDifference> minutes = [];
        foreach (var hour in result.Minutes.GroupBy(minute => (minute.Type, minute.Place.Hour)))
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{Correction.RepairPrefix}{operation.Id}.{hour.Key.Type}.{hour.Key.Hour}");
            var repair = new Repair(id, EventType.Parse(hour.Key.Type), [.. hour.Select(minute => new RepairedMinute(minute.Place, minute.CountedCell(), minute.RecountedCell()))], $"Recount {operation.Id}", clock.GetUtcNow());
            var isRepaired = await grain.Repair(repair, cancellationToken);
            minutes.AddRange(hour.Select(minute => minute with { Repaired = isRepaired }));
        }

        return result with { Minutes = minutes, MinutesRepaired = minutes.Count(minute => minute.Repaired) };
    }

    private static RecountResult Compare(Dictionary<(EventType Type, Minute Minute), Cell> counted, Recounter recounter, ILookup<(EventType, Minute), Correction> corrections, DateOnly liveFrom)
    {
        var (sumCounted, sumRecounted, corrected, imported, differ) = (0L, 0L, 0L, 0L, 0);
        List<MinuteDifference> minutes = [];
        foreach (var key in counted.Keys.Union(recounter.Cells.Keys).Union(corrections.Select(minute => (Type: minute.Key.Item1, Minute: minute.Key.Item2))).OrderBy(key => key.Minute).ThenBy(key => key.Type.Value, StringComparer.Ordinal))
        {
            var (stands, own) = (counted.GetValueOrDefault(key), corrections[key].ToList());
            var expected = TableLayout.DayOf(key.Minute.Hour) < liveFrom ? stands : Corrected(recounter.Cells.GetValueOrDefault(key), own);
            var put = own.Sum(one => one.Count);
            (sumCounted, sumRecounted, corrected) = (sumCounted + stands.Count, sumRecounted + expected.Count, corrected + put);
            if (TableLayout.DayOf(key.Minute.Hour) < liveFrom) imported += stands.Count - put;
            if (IsSame(stands, expected, isExact: own.Count == 0)) continue;
            differ++;
            if (minutes.Count < RecountResult.MinutesMax) minutes.Add(MinuteDifference.Of(key.Type, key.Minute, stands, expected));
        }

        return new(sumCounted, sumRecounted, sumRecounted - sumCounted, corrected, imported, differ, 0, differ > minutes.Count, minutes, [], recounter.Messages);
    }

    // Nobody knows any more in which order they came. First what was put in: no more was taken out than there was.
    private static Cell Corrected(Cell cell, List<Correction> corrections) =>
        corrections.OrderByDescending(one => one.Count).Aggregate(cell, (sum, one) => sum.Count + one.Count <= 0 ? Cell.Nothing : sum.Corrected(one.Count, one.Sum, one.Min, one.Max));

    // Corrections leave smallest and largest values as they find them, so their order matters. Sums of floating-point numbers depend on the order, too, in their last digits.
    private static bool IsSame(Cell one, Cell other, bool isExact)
    {
        if (one.Count != other.Count) return false;
        if (one.Count == 0) return true;
        var scale = one.Count * Math.Max(Math.Max(Math.Abs(one.Min), Math.Abs(one.Max)), Math.Max(Math.Abs(other.Min), Math.Abs(other.Max)));
        return Math.Abs(one.Sum - other.Sum) <= scale * 1e-9 && (!isExact || (one.Min == other.Min && one.Max == other.Max));
    }

    private ValueTask<CountedDay> Ask(VideoId video, Minute minute, CancellationToken cancellationToken) => grains.GetGrain<IVideoGrain>(video.Value).Day(TableLayout.DayOf(minute.Hour), cancellationToken);

    private async Task<Snapshot> Counted(VideoId video, MinuteRange range, CancellationToken cancellationToken)
    {
        // First: what the checkpoint covers is inside the video, even if nothing is left of its row.
        var checkpoint = (await counts.ReadShard(Shard.Of(video), cancellationToken))?.Row.Position ?? Position.Start;
        var (days, cells, last) = (new Dictionary<DateOnly, (Position Through, CountedDay Day)>(), new Dictionary<(EventType Type, Minute Minute), Cell>(), default(CountedDay));
        for (var minute = range.From; minute < range.To; minute = new((TableLayout.FirstHourOf(TableLayout.DayOf(minute.Hour)) + 24) * Minute.PerHour))
        {
            var day = await Ask(video, minute, cancellationToken);
            if (last is not null && last.Revision != day.Revision) throw new StaleWriterException(video.Value);
            last = day;
            days.Add(TableLayout.DayOf(minute.Hour), (Position.Max(day.Position, checkpoint), day));
            foreach (var hour in day.Hours)
                foreach (var cell in hour.Cells)
                    if (range.Contains(hour.MinuteOf(cell))) cells.Add((hour.Type, hour.MinuteOf(cell)), cell.Cell);
        }

        return new(days, cells, last!);
    }

    /// <summary>What was counted of a range, each day as of a position of its own.</summary>
    private sealed record Snapshot(Dictionary<DateOnly, (Position Through, CountedDay Day)> Days, Dictionary<(EventType Type, Minute Minute), Cell> Cells, CountedDay Last);
}
