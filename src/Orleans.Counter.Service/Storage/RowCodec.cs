using System.Globalization;
using Azure.Data.Tables;

namespace Orleans.Counter.Storage;

/// <summary>Rows as table entities and back: totals as columns that can be read by eye, cells packed.</summary>
internal static class RowCodec
{
    private const int ChunkBytes = 60_000; // A column holds at most 64 KiB.

    // No type ends like these: types have no capital letters.
    private const string AdjustedCount = "_countAdjusted";
    private const string AdjustedSum = "_sumAdjusted";
    private const string ImportedCount = "_countImported";
    private const string ImportedSum = "_sumImported";
    private const string Windows = "_countIn";

    /// <summary>New with every write: tells one's own, whose answer was lost, from somebody else's.</summary>
    public const string Commit = "Commit";

    /// <summary>How many events of all types were imported.</summary>
    public const string Imported = "Imported";

    private const string Changed = "Changed";

    public static TableEntity Encode(VideoRow row)
    {
        var entity = new TableEntity(TableLayout.PartitionKey(Shard.Of(row.Video)), TableLayout.VideoKey(row.Video))
        {
            ["Position"] = row.Position.Value,
            [Commit] = row.Commit,
            ["Duplicates"] = row.Duplicates,
            ["DeadLettered"] = row.DeadLettered,
        };
        if (row.Metadata.Title is { } title) entity["Title"] = title;
        if (row.Metadata.ChannelId is { } channel) entity["ChannelId"] = channel;
        foreach (var (type, total) in row.Totals)
        {
            entity[$"{type}_count"] = total.Count;
            entity[$"{type}_sum"] = total.Sum;
            entity[$"{type}_min"] = total.Min;
            entity[$"{type}_max"] = total.Max;
        }

        foreach (var (type, count, sum) in row.Adjusted ?? []) (entity[$"{type}{AdjustedCount}"], entity[$"{type}{AdjustedSum}"]) = (count, sum);
        foreach (var (type, count, sum) in row.Imported ?? []) (entity[$"{type}{ImportedCount}"], entity[$"{type}{ImportedSum}"]) = (count, sum);
        if (row.Imported is { Count: > 0 } imported) entity[Imported] = imported.Sum(one => one.Count);
        if (row.Revision > 0) entity["Revision"] = row.Revision;
        foreach (var windows in (row.Windows ?? []).GroupBy(count => count.Type)) entity[$"{windows.Key}{Windows}"] = TopCodec.Text(windows);
        if (row.Removed is { } removed) entity["Removed"] = removed;
        if (row.RemovedThrough is { } removedThrough) entity["RemovedThrough"] = removedThrough.Value;
        if (row.Removing is { } removing) entity["Removing"] = string.Create(CultureInfo.InvariantCulture, $"{removing.First:yyyyMMdd}|{removing.Last:yyyyMMdd}|{string.Join('|', removing.Types)}");
        if (row.SettledThrough is { } hour) entity["SettledThrough"] = Minute.HourStart(hour);
        if (row.First is { } first) entity["First"] = first.Start;
        if (row.Last is { } last) entity["Last"] = last.Start;
        if (row.Open.Count > 0) entity["OpenFrom"] = row.Open.Min(hour => hour.Hour);
        var open = CellPack.PackOpen(row.Open);
        for (var chunk = 0; chunk * ChunkBytes < open.Length; chunk++) entity[Chunk(chunk)] = open[(chunk * ChunkBytes)..Math.Min(open.Length, (chunk + 1) * ChunkBytes)];
        return entity;
    }

    public static VideoRow DecodeVideo(TableEntity entity)
    {
        var totals = Ending(entity, "_count").Select(type => new TypeTotal(type, new(Need(entity.GetInt64($"{type}_count")), Need(entity.GetDouble($"{type}_sum")), Need(entity.GetDouble($"{type}_min")), Need(entity.GetDouble($"{type}_max")))));
        byte[] open = [.. Enumerable.Range(0, int.MaxValue).Select(chunk => entity.GetBinary(Chunk(chunk))).TakeWhile(bytes => bytes is not null).SelectMany(bytes => bytes!)];
        return new(
            VideoId.Parse(entity.RowKey[2..]), new(Need(entity.GetInt64("Position"))), Need(entity.GetGuid(Commit)), [.. totals], CellPack.UnpackOpen(open),
            entity.GetDateTimeOffset("SettledThrough") is { } hour ? Minute.Of(hour).Hour : null, Need(entity.GetInt64("Duplicates")),
            entity.GetDateTimeOffset("First") is { } first ? Minute.Of(first) : null, entity.GetDateTimeOffset("Last") is { } last ? Minute.Of(last) : null,
            entity.GetInt64("DeadLettered") ?? 0, new(entity.GetString("Title"), entity.GetString("ChannelId")), Adjustments(entity, AdjustedCount, AdjustedSum),
            entity.GetDateTimeOffset("Removed"), entity.GetString("Removing") is { } removing ? DecodeDayRows(removing.Split('|')) : null,
            [.. Ending(entity, Windows).SelectMany(type => TopCodec.Counts(type, entity.GetString($"{type}{Windows}")))],
            Adjustments(entity, ImportedCount, ImportedSum), entity.GetInt64("Revision") ?? 0, entity.GetInt64("RemovedThrough") is { } through ? new Position(through) : null);
    }

    public static TableEntity Encode(Correction correction)
    {
        var entity = new TableEntity(TableLayout.PartitionKey(Shard.Of(correction.Video)), TableLayout.CorrectionKey(correction.Video, correction.Id))
        {
            ["Type"] = correction.Type.Value,
            ["Minute"] = correction.Minute.Start,
            ["Count"] = correction.Count,
            ["Sum"] = correction.Sum,
            ["Reason"] = correction.Reason,
            ["At"] = correction.At,
        };
        if (correction.Min is { } min) entity["Min"] = min;
        if (correction.Max is { } max) entity["Max"] = max;
        return entity;
    }

    public static Correction DecodeCorrection(TableEntity entity)
    {
        var key = entity.RowKey.Split('|');
        return new(
            key[2], VideoId.Parse(key[1]), EventType.Parse(entity.GetString("Type")), Minute.Of(Need(entity.GetDateTimeOffset("Minute"))), Need(entity.GetInt64("Count")),
            Need(entity.GetDouble("Sum")), entity.GetString("Reason"), Need(entity.GetDateTimeOffset("At")), entity.GetDouble("Min"), entity.GetDouble("Max"));
    }

    /// <summary>The day rows that these hours settle into, with nothing but the hours' own columns: they are merged, so the others stay.</summary>
    public static IEnumerable<TableEntity> Encode(VideoId video, IReadOnlyList<HourCells> settled) =>
        settled.GroupBy(hour => (hour.Type, Day: TableLayout.DayOf(hour.Hour))).Select(day =>
        {
            var entity = new TableEntity(TableLayout.PartitionKey(Shard.Of(video)), TableLayout.DayKey(video, day.Key.Type, day.Key.Day));
            foreach (var hour in day) entity[TableLayout.HourColumn(hour.Hour)] = CellPack.PackHour(hour.Cells);
            return entity;
        });

    /// <summary>A day row that is written whole, in place of whatever hours it had.</summary>
    public static TableEntity Encode(DayRow row)
    {
        var entity = new TableEntity(TableLayout.PartitionKey(Shard.Of(row.Video)), TableLayout.DayKey(row.Video, row.Type, row.Day));
        foreach (var hour in row.Hours) entity[TableLayout.HourColumn(hour.Hour)] = CellPack.PackHour(hour.Cells);
        if (row.IsChanged) entity[Changed] = true;
        return entity;
    }

    public static DayRow DecodeDay(TableEntity entity)
    {
        var key = entity.RowKey.Split('|');
        var (day, type) = (Day(key[1]), EventType.Parse(key[3]));
        var hours = Enumerable.Range(TableLayout.FirstHourOf(day), 24)
            .Select(hour => (hour, packed: entity.GetBinary(TableLayout.HourColumn(hour))))
            .Where(column => column.packed is not null)
            .Select(column => new HourCells(type, column.hour, CellPack.UnpackHour(column.packed!)));
        return new(VideoId.Parse(key[2]), type, day, [.. hours.Where(hour => hour.Cells.Count > 0)], entity.GetBoolean(Changed) ?? false);
    }

    public static TableEntity Encode(ChangedDay changed) => new(TableLayout.PartitionKey(changed.Shard), TableLayout.ChangedKey(changed.Day));

    public static TableEntity Encode(MonthRow row)
    {
        var entity = new TableEntity(TableLayout.PartitionKey(Shard.Of(row.Video)), TableLayout.MonthKey(row.Video, row.Type, row.Month))
        {
            ["Count"] = row.Total.Count,
            ["Sum"] = row.Total.Sum,
        };
        foreach (var (ofMonth, quarters) in row.Days) entity[TableLayout.DayColumn(ofMonth)] = CellPack.PackQuarters(quarters);
        return entity;
    }

    public static MonthRow DecodeMonth(TableEntity entity)
    {
        var key = entity.RowKey.Split('|');
        var days = Enumerable.Range(1, 31).Select(ofMonth => (ofMonth, packed: entity.GetBinary(TableLayout.DayColumn(ofMonth)))).Where(day => day.packed is not null);
        return new(VideoId.Parse(key[2]), EventType.Parse(key[3]), Day($"{key[1]}01"), days.ToDictionary(day => day.ofMonth, day => CellPack.UnpackQuarters(day.packed!)));
    }

    public static TableEntity Encode(Shard shard, ShardRow row) => new(TableLayout.PartitionKey(shard), TableLayout.CheckpointKey)
    {
        ["Position"] = row.Position.Value,
        ["EnqueuedTime"] = row.EnqueuedTime,
        ["Partition"] = row.Partition,
        ["Events"] = row.Ledger.Events,
        ["Counted"] = row.Ledger.Counted,
        ["Duplicates"] = row.Ledger.Duplicates,
        ["DeadLettered"] = row.Ledger.DeadLettered,
    };

    public static ShardRow DecodeShard(TableEntity entity) => new(
        new(Need(entity.GetInt64("Position"))), Need(entity.GetDateTimeOffset("EnqueuedTime")), Need(entity.GetInt32("Partition")),
        new(Need(entity.GetInt64("Events")), Need(entity.GetInt64("Counted")), Need(entity.GetInt64("Duplicates")), Need(entity.GetInt64("DeadLettered"))));

    public static TableEntity Encode(LogRow row)
    {
        var entity = new TableEntity(TableLayout.PartitionKey(TableLayout.LogShard), TableLayout.LogKey)
        {
            ["Hub"] = row.Hub,
            ["CreatedAt"] = row.CreatedAt,
            ["PartitionCount"] = row.PartitionCount,
            ["Era"] = row.Era,
            ["Starts"] = string.Join(',', row.Starts.Select(start => start.ToString(CultureInfo.InvariantCulture))),
        };
        if (row.AdvancedAt is { } advanced) entity["AdvancedAt"] = advanced;
        return entity;
    }

    public static LogRow DecodeLog(TableEntity entity) => new(
        entity.GetString("Hub"), Need(entity.GetDateTimeOffset("CreatedAt")), Need(entity.GetInt32("PartitionCount")), Need(entity.GetInt32("Era")),
        [.. entity.GetString("Starts").Split(',').Select(start => long.Parse(start, CultureInfo.InvariantCulture))], entity.GetDateTimeOffset("AdvancedAt"));

    /// <summary>About how many bytes of a transaction a row takes: binary columns travel as base64; names, types and headers of an operation take about a kilobyte.</summary>
    public static int SizeOf(TableEntity entity) => 1024 + entity.Sum(column => column.Value is byte[] bytes ? bytes.Length * 4 / 3 : 64);

    private static TypeAdjustment[] Adjustments(TableEntity entity, string count, string sum) =>
        [.. Ending(entity, count).Select(type => new TypeAdjustment(type, Need(entity.GetInt64($"{type}{count}")), Need(entity.GetDouble($"{type}{sum}"))))];

    /// <summary>The types that have a column with this end, in order.</summary>
    private static IEnumerable<EventType> Ending(TableEntity entity, string end) =>
        entity.Keys.Where(column => column.EndsWith(end, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(column => EventType.Parse(column[..^end.Length]));

    private static DayRows DecodeDayRows(string[] parts) => new([.. parts[2..].Select(EventType.Parse)], Day(parts[0]), Day(parts[1]));

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture);

    private static string Chunk(int number) => number == 0 ? "Open" : $"Open{number}";

    private static T Need<T>(T? value, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(value))] string? column = null) where T : struct =>
        value ?? throw new InvalidDataException($"A row lacks {column}: it was not written by this program.");
}
