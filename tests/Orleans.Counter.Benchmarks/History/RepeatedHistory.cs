using Orleans.Counter.Cli.Import;

namespace Orleans.Counter.Benchmarks.History;

/// <summary>A file of daily figures, repeated until it fills the days with its views, and videos that are viewed in every minute of them.</summary>
/// <remarks>A day's figure of the file is a minute of its own, drawn from the video's name and the day; what a minute of the others holds follows from its number. So every answer can be checked without a second store.</remarks>
internal sealed class RepeatedHistory
{
    private const int MinuteCountMax = 99;

    private readonly Dictionary<VideoId, Dictionary<DateOnly, TrendingRow>> _file;
    private readonly IReadOnlyList<DateOnly> _dates;

    /// <param name="path">The file.</param>
    /// <param name="first">The first day.</param>
    /// <param name="days">How many days.</param>
    /// <param name="dense">How many videos are viewed in every minute.</param>
    public RepeatedHistory(string path, DateOnly first, int days, int dense)
    {
        // One line of the file is used for a video and a day: the first of them.
        var rows = TrendingFile.Read(path).Where(row => row.Views > 0).DistinctBy(row => (row.Video, row.Date)).ToList();
        _dates = [.. rows.Select(row => row.Date).Distinct().Order()];
        _file = rows.GroupBy(row => row.Video).ToDictionary(video => video.Key, video => video.ToDictionary(row => row.Date));
        (First, Days) = (first, days);
        Dense = [.. Enumerable.Range(0, dense).Select(number => VideoId.Parse($"always-{number}"))];
    }

    public DateOnly First { get; }

    public int Days { get; }

    /// <summary>The videos that are viewed in every minute.</summary>
    public IReadOnlyList<VideoId> Dense { get; }

    /// <summary>The videos of the file.</summary>
    public IReadOnlyList<VideoId> Sparse => [.. _file.Keys];

    /// <summary>All videos.</summary>
    public IEnumerable<VideoId> Videos => Sparse.Concat(Dense);

    /// <summary>All days, in order, as often as the file is repeated.</summary>
    public IEnumerable<DateOnly[]> Repetitions => Enumerable.Range(0, Days).Select(day => First.AddDays(day)).Chunk(_dates.Count);

    /// <summary>All minutes of these days that are not empty, those of a video together.</summary>
    public IEnumerable<HistoryRow> Rows(IEnumerable<DateOnly> days) =>
        from one in Videos.SelectMany(video => days.SelectMany(day => ByMinute(video, day).Select(minute => (Video: video, minute.Minute, minute.Count)))).Index()
        select new HistoryRow(one.Index + 1, new(one.Item.Video, EventType.View, one.Item.Minute.Start, one.Item.Count), one.Index + 1);

    /// <summary>The views of a video in a minute; nothing but its name and the minute's number.</summary>
    private static long Views(VideoId video, Minute minute) => 1 + (((minute.Number * 31L) + (Shard.Of(video).Number * 7L)) % MinuteCountMax);

    /// <summary>What a day by minute has to answer.</summary>
    public IEnumerable<(Minute Minute, long Count)> ByMinute(VideoId video, DateOnly day) =>
        IsDense(video) ? Minutes(day).Select(minute => (minute, Views(video, minute)))
        : OfFile(video, day, days: 1).Select(one => (At(video, day), one.Views));

    /// <summary>What days one by one have to answer.</summary>
    public IEnumerable<(DateTimeOffset Start, long Count)> ByDay(VideoId video, DateOnly from, int days) =>
        IsDense(video) ? Enumerable.Range(0, days).Select(day => (Start(from.AddDays(day)), ByMinute(video, from.AddDays(day)).Sum(minute => minute.Count)))
        : OfFile(video, from, days).Select(one => (Start(one.Day), one.Views));

    public static DateTimeOffset Start(DateOnly day) => new(day, TimeOnly.MinValue, TimeSpan.Zero);

    // As often as the dates of the file fit: day after day, without the gaps that it has.
    private IEnumerable<(DateOnly Day, long Views)> OfFile(VideoId video, DateOnly from, int days)
    {
        for (var day = from; day < from.AddDays(days); day = day.AddDays(1))
            if (_file[video].TryGetValue(_dates[(day.DayNumber - First.DayNumber) % _dates.Count], out var row)) yield return (day, row.Views);
    }

    private static Minute At(VideoId video, DateOnly day) => new(MinuteOf(day) + (((Shard.Of(video).Number * 37) + (day.DayNumber * 11)) % Minute.PerDay));

    private bool IsDense(VideoId video) => !_file.ContainsKey(video);

    private static IEnumerable<Minute> Minutes(DateOnly day) => Enumerable.Range(MinuteOf(day), Minute.PerDay).Select(number => new Minute(number));

    private static int MinuteOf(DateOnly day) => Minute.Of(Start(day)).Number;
}
