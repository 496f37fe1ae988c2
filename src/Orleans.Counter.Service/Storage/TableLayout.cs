using System.Globalization;

namespace Orleans.Counter.Storage;

/// <summary>The only place that knows a table name, a partition key, a row key, or the name of a segment. See docs/storage.md.</summary>
internal static class TableLayout
{
    /// <summary>Rows of different videos in one transaction share its limits: this is the most day rows that one commit may settle into.</summary>
    public const int SettledDaysMax = 40;

    /// <summary>The most old days that one commit may set whole: each is two changes, and hours may settle beside them.</summary>
    public const int WholeDaysMax = 24;

    /// <summary>Azure's bound on a transaction.</summary>
    public const int OperationsMax = 100;

    /// <summary>Azure's bound is 4 MiB on the wire; this much is left for what surrounds the columns.</summary>
    public const int TransactionBytesMax = 3 << 20;

    public const string CheckpointKey = "p";
    public const string TopsKey = "t";
    public const string LogKey = "log";

    /// <summary>How far rollup is: a partition for each group.</summary>
    public const string RollupTable = "rollups";

    public const string GroupKey = "g";

    /// <summary>The shard whose partition holds the one row about the log.</summary>
    public static readonly Shard LogShard = new(0);

    public static IEnumerable<string> Tables => Group.All.Select(Table);

    public static string Table(Shard shard) => Table(Group.Of(shard));

    public static string Table(Group group) => $"counts{group}";

    public static string PartitionKey(Shard shard) => shard.ToString();

    public static string VideoKey(VideoId video) => VideoKey(video.Value);

    public static string VideoKey(string video) => $"v|{video}";

    /// <summary>The first key that a video after this one can have: no character of an id comes before '-'.</summary>
    public static string NextVideoKey(VideoId video) => $"{VideoKey(video)}-";

    public static string DayKey(VideoId video, EventType type, DateOnly day) => $"{DayPrefix(day)}{video}|{type}";

    /// <summary>How the keys of all day rows of a day begin.</summary>
    public static string DayPrefix(DateOnly day) => $"d|{Text(day)}|";

    public static string MonthKey(VideoId video, EventType type, DateOnly month) => $"{MonthPrefix(month)}{video}|{type}";

    /// <summary>How the keys of all month rows of a month begin.</summary>
    public static string MonthPrefix(DateOnly month) => $"m|{month.ToString("yyyyMM", CultureInfo.InvariantCulture)}|";

    public static string ChangedKey(DateOnly day) => $"u|{Text(day)}";

    /// <summary>In the table of rollup.</summary>
    public static string ManifestKey(DateOnly day) => $"d|{Text(day)}";

    public static string ChannelKey(string channelId, string video) => $"c|{channelId}|{video}";

    public static string CorrectionKey(VideoId video, string id) => $"k|{video}|{id}";

    /// <summary>The blob of a segment, as tools expect it that know folders like these as columns.</summary>
    public static string SegmentName(SegmentId id) => $"minutes/date={id.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}/group={id.Group}/minutes.parquet";

    /// <summary>The first key after all that begin with this prefix, which ends with '|'.</summary>
    public static string After(string prefix) => $"{prefix[..^1]}}}";

    public static string HourColumn(int hour) => $"h{(hour % 24).ToString("00", CultureInfo.InvariantCulture)}";

    public static string DayColumn(int ofMonth) => $"d{ofMonth.ToString("00", CultureInfo.InvariantCulture)}";

    public static DateOnly MonthOf(DateOnly day) => new(day.Year, day.Month, 1);

    public static DateOnly DayOf(int hour) => DateOnly.FromDayNumber(DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber + (hour / 24));

    /// <summary>The day in a key that names one.</summary>
    public static DateOnly DayAt(string key) => DateOnly.ParseExact(key.Split('|')[1], "yyyyMMdd", CultureInfo.InvariantCulture);

    public static int FirstHourOf(DateOnly day) => (day.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber) * 24;

    private static string Text(DateOnly day) => day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
}
