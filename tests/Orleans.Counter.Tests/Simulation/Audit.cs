using Orleans.Counter.Storage;

namespace Orleans.Counter.Tests.Simulation;

/// <summary>Compares every row with the recount of the log.</summary>
internal static class Audit
{
    /// <summary>All that is wrong; empty if everything is exact.</summary>
    public static IReadOnlyList<string> Differences(SimTables tables, MemorySegmentStore segments, SimLetters letters, Recount recount, DateTimeOffset now)
    {
        var (totals, minutes) = (new SortedDictionary<string, Cell>(StringComparer.Ordinal), new SortedDictionary<string, Cell>(StringComparer.Ordinal));
        var (duplicates, deadLettered) = (new SortedDictionary<string, long>(StringComparer.Ordinal), new SortedDictionary<string, long>(StringComparer.Ordinal));
        var (wrong, adjusted) = (new List<string>(), 0L);
        VideoRow[] videos = [.. tables.Rows("v|").Select(RowCodec.DecodeVideo)];
        wrong.AddRange(Tops(tables, videos, now));
        wrong.AddRange(tables.Rows("d|").Select(RowCodec.DecodeDay).Where(day => day.Day <= Operator.LastOldDay).Select(day => $"{day.Day:O} of {day.Video} has changed, and nobody has archived it"));
        foreach (var row in videos)
        {
            adjusted += (row.Adjusted ?? []).Concat(row.Imported ?? []).Sum(adjustment => adjustment.Count);
            if (row.Duplicates > 0) duplicates[row.Video.Value] = row.Duplicates;
            if (row.DeadLettered > 0) deadLettered[row.Video.Value] = row.DeadLettered;
            foreach (var (type, total) in row.Totals) totals[Recount.TotalOf(row.Video, type.Value)] = total;
            HourCells[] hours = [.. Hours(tables, segments, row)];
            foreach (var hour in hours)
                foreach (var cell in hour.Cells) minutes[Recount.MinuteOf(row.Video, hour.Type.Value, hour.MinuteOf(cell))] = cell.Cell;
            wrong.AddRange(Windows(row, hours));
            wrong.AddRange(Months(tables, row, hours));
            var counted = hours.SelectMany(hour => hour.Cells.Select(hour.MinuteOf)).ToList();
            if (counted.Count > 0 && (row.First != counted.Min() || row.Last != counted.Max()))
                wrong.Add($"{row.Video} says it has minutes from {row.First} to {row.Last}: {counted.Min()} to {counted.Max()}");
        }

        wrong.AddRange(Compare("total", recount.Totals, totals));
        wrong.AddRange(Compare("minute", recount.Minutes, minutes));
        wrong.AddRange(Compare("duplicates", recount.Duplicates, duplicates));
        wrong.AddRange(Compare("dead letters of videos", recount.DeadLettered, deadLettered));
        wrong.AddRange(Compare("dead letters", recount.Letters, new SortedDictionary<string, long>(letters.Events, StringComparer.Ordinal)));
        var ledgers = tables.Rows("p").ToDictionary(row => row.PartitionKey, row => RowCodec.DecodeShard(row).Ledger);
        wrong.AddRange(Compare("the ledger", recount.Ledgers, new SortedDictionary<string, Ledger>(ledgers, StringComparer.Ordinal)));
        var found = totals.Values.Sum(total => total.Count) + duplicates.Values.Sum() + letters.Events.Values.Sum() - adjusted;
        if (wrong.Count == 0 && found != recount.Accepted) wrong.Add($"accepted {recount.Accepted}, found {found}");
        return wrong;
    }

    /// <summary>The newest windows have to hold what their minutes hold.</summary>
    private static IEnumerable<string> Windows(VideoRow row, HourCells[] hours)
    {
        foreach (var (type, window, count) in row.Windows ?? [])
        {
            var minutes = hours.Where(hour => hour.Type == type).SelectMany(hour => hour.Cells.Where(cell => TopWindow.Of(window.Length, hour.MinuteOf(cell)) == window)).Sum(cell => cell.Cell.Count);
            if (minutes != count) yield return $"{row.Video} says that {window} holds {count} of type {type}: its minutes hold {minutes}";
        }

        foreach (var hour in hours.Where(hour => hour.Cells.Count > 0))
            foreach (var length in TopWindow.Lengths)
            {
                var window = TopWindow.Of(length, new(hour.Hour * Minute.PerHour));
                var known = (row.Windows ?? []).Where(count => count.Type == hour.Type && count.Window.Length == length).Select(count => count.Window.Number).ToList();
                if (!known.Contains(window.Number) && window.Number > known.DefaultIfEmpty(int.MinValue + 3).Max() - 3) yield return $"{row.Video} does not say what {window} holds of type {hour.Type}";
            }
    }

    /// <summary>A shard lists what its videos say of themselves: all of them, there are few. A correction that it was not told of before it went is listed at the next event.</summary>
    private static IEnumerable<string> Tops(SimTables tables, IReadOnlyList<VideoRow> videos, DateTimeOffset now)
    {
        foreach (var stored in tables.Rows("t"))
            foreach (var list in TopCodec.Decode(stored).Where(list => list.Window.IsAskedFor(now)))
                foreach (var row in videos.Where(row => row.Adjusted is null or [] && row.Imported is null or [] && TableLayout.PartitionKey(Shard.Of(row.Video)) == stored.PartitionKey))
                {
                    var said = (row.Windows ?? []).FirstOrDefault(count => count.Type == list.Type && count.Window == list.Window).Count;
                    var listed = list.Videos.FirstOrDefault(video => video.Video == row.Video).Count;
                    if (said != listed) yield return $"the list of {list.Type} in {list.Window} says {listed} of {row.Video}, which says {said}";
                }
    }

    /// <summary>The hours of a video as a reader sees them: open ones, and of the settled ones those that are not open; of days without a row those in segments.</summary>
    private static IEnumerable<HourCells> Hours(SimTables tables, MemorySegmentStore segments, VideoRow row)
    {
        var open = row.Open.Select(hour => (hour.Type, hour.Hour)).ToHashSet();
        var days = tables.Rows("d|").Select(RowCodec.DecodeDay).Where(day => day.Video == row.Video).ToList();
        var cold = segments.Segments.Where(segment => segment.Id.Group == Group.Of(row.Video)).SelectMany(segment => row.Totals.Select(total => (total.Type, segment.Id.Day)))
            .Except(days.Select(day => (day.Type, day.Day))).SelectMany(day => segments.ReadDay(row.Video, day.Type, day.Day, CancellationToken.None).AsTask().GetAwaiter().GetResult());
        return row.Open.Concat(days.SelectMany(day => day.Hours).Concat(cold).Where(hour => hour.Hour <= row.SettledThrough && !open.Contains((hour.Type, hour.Hour))));
    }

    /// <summary>The month rows have to say of old days what their minutes do.</summary>
    private static IEnumerable<string> Months(SimTables tables, VideoRow row, HourCells[] hours)
    {
        var expected = hours.GroupBy(hour => (hour.Type, Day: TableLayout.DayOf(hour.Hour))).Where(day => day.Key.Day <= Operator.LastOldDay)
            .Select(day => $"{day.Key.Type} {day.Key.Day:O} {string.Join(' ', QuarterCell.Of(day.OrderBy(hour => hour.Hour)))}");
        var found = tables.Rows("m|").Select(RowCodec.DecodeMonth).Where(month => month.Video == row.Video)
            .SelectMany(month => month.Days.Where(day => day.Value.Count > 0).Select(day => $"{month.Type} {month.Month.AddDays(day.Key - 1):O} {string.Join(' ', day.Value)}"));
        var differences = expected.Except(found).Concat(found.Except(expected)).ToList();
        if (differences.Count > 0) yield return $"months of {row.Video} and its days differ: {string.Join("; ", differences)}";
    }

    private static IEnumerable<string> Compare<T>(string what, SortedDictionary<string, T> expected, SortedDictionary<string, T> found) =>
        expected.Keys.Union(found.Keys)
            .Where(key => !EqualityComparer<T>.Default.Equals(expected.GetValueOrDefault(key), found.GetValueOrDefault(key)))
            .Select(key => $"{what} of {key}: {expected.GetValueOrDefault(key)} were sent, {found.GetValueOrDefault(key)} are stored");
}
